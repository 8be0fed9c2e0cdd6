// Plans of Python functions: traced once for each set of shapes, run without Python from then on.
#include "rush/graph/compile.h"

#include "autograd.h"
#include "convert.h"
#include "followed_step.h"

namespace rush::python {
namespace {

constexpr const char* kCacheName = "rushlight plans";

graph::PlanCache& cache_of(PyObject* capsule) {
  return *static_cast<graph::PlanCache*>(checked(PyCapsule_GetPointer(capsule, kCacheName)));
}

// plan_cache(exact, autocast dtype or None)
PyObject* plan_cache(PyObject*, PyObject* args) {
  return guarded([&]() -> PyObject* {
    int exact = 0;
    PyObject* autocast = nullptr;
    if (!PyArg_ParseTuple(args, "pO", &exact, &autocast)) throw PythonError();
    CompileOptions options{.exact = exact != 0, .keeps_gradients = true};
    options.autocast = dtype_of_object(autocast);
    return checked(PyCapsule_New(new graph::PlanCache(options), kCacheName, [](PyObject* capsule) {
      delete static_cast<graph::PlanCache*>(PyCapsule_GetPointer(capsule, kCacheName));
    }));
  });
}

// plan_call(cache, function, arguments) -> results. The function is called while it is traced.
PyObject* plan_call(PyObject*, PyObject* args) {
  return guarded([&]() -> PyObject* {
    PyObject *cache, *function, *inputs;
    if (!PyArg_ParseTuple(args, "OOO", &cache, &function, &inputs)) throw PythonError();
    const std::vector<Tensor> xs = tensors_of(inputs, "compile");
    t_follower = nullptr;
    graph::PlanCache& plans = cache_of(cache);
    std::vector<Tensor> results;
    {
      const WithoutGil released;
      plans.call(
          [function](const std::vector<Tensor>& in) { return call_with_tensors(function, in); }, xs,
          results);
    }
    return tuple_with_none(results);
  });
}

PyObject* plan_explain(PyObject*, PyObject* cache) {
  return guarded([&] { return to_python(cache_of(cache).explain()); });
}
PyObject* plan_traces(PyObject*, PyObject* cache) {
  return guarded([&] { return to_python(cache_of(cache).stats().traces); });
}

}  // namespace

PyMethodDef kCompileMethods[] = {
    {"plan_cache", plan_cache, METH_VARARGS, "An empty store of plans for one function."},
    {"plan_call", plan_call, METH_VARARGS, "Runs a plan, made first where there is none."},
    {"plan_explain", plan_explain, METH_O, "The plan used last, instruction by instruction."},
    {"plan_traces", plan_traces, METH_O, "How often the function was traced."},
    {}};

}  // namespace rush::python
