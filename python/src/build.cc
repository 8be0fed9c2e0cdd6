#include "build.h"

#include <string>
#include <thread>

#include "errors.h"
#include "rush/base/threads.h"
#include "rush/kernels/lapack.h"
#include "rush/kernels/processor.h"
#include "rush/kernels/target.h"
#include "rush/tensor/allocator.h"

namespace rush::python {
namespace {

PyObject* build(PyObject*, PyObject*) {
  return guarded([&]() -> PyObject* {
    Object all(checked(PyDict_New()));
    const auto add = [&](const char* name, const std::string& value) {
      const Object text(checked(PyUnicode_FromString(value.c_str())));
      if (PyDict_SetItemString(all.get(), name, text.get()) < 0) throw PythonError();
    };
    add("rushlight", RUSH_VERSION);
    add("compiler", __VERSION__);
    add("processor", kernels::processor_name());
    add("features", kernels::processor_features());
    add("vectors", kernels::vector_target());
    add("threads", std::to_string(num_threads()) + " of " +
                       std::to_string(std::thread::hardware_concurrency()));
    add("products", kernels::contraction_library());
    add("LAPACK", kernels::has_lapack() ? "yes" : "no");
    return all.release();
  });
}

PyObject* memory(PyObject*, PyObject*) {
  return guarded([&] {
    const MemoryStats s = memory_stats();
    return checked(Py_BuildValue("{s:L,s:L,s:L,s:L,s:L}", "allocated", s.allocated, "peak", s.peak,
                                 "cached", s.cached, "allocations", s.allocations,
                                 "system_allocations", s.system_allocations));
  });
}

}  // namespace

void make_build(PyObject* module) {
  static PyMethodDef functions[] = {
      {"_build", build, METH_NOARGS, "Version, processor and libraries, by name."},
      {"_memory", memory, METH_NOARGS, "Bytes in live tensors, kept for reuse, at most; calls."},
      {}};
  if (PyModule_AddFunctions(module, functions) < 0 ||
      PyModule_AddStringConstant(module, "__version__", RUSH_VERSION) < 0)
    throw PythonError();
}

}  // namespace rush::python
