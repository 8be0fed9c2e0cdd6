#include "errors.h"

#include <new>
#include <string>

#include "rush/base/error.h"

namespace rush::python {
namespace {

PyObject *error = nullptr, *shape_error = nullptr, *dtype_error = nullptr, *index_error = nullptr,
         *io_error = nullptr;

// A class that is `base` and what Python itself would raise, so that either can be caught.
PyObject* make_class(PyObject* module, const char* name, const char* doc, PyObject* base,
                     PyObject* of_python) {
  const Object bases(of_python ? PyTuple_Pack(2, base, of_python) : PyTuple_Pack(1, base));
  const std::string full = std::string("rushlight.") + name;
  PyObject* made =
      checked(PyErr_NewExceptionWithDoc(full.c_str(), doc, checked(bases.get()), nullptr));
  if (PyModule_AddObjectRef(module, name, made) < 0) throw PythonError();
  return made;
}

}  // namespace

void make_errors(PyObject* module) {
  error = make_class(module, "Error", "What the engine raises.", PyExc_RuntimeError, nullptr);
  shape_error =
      make_class(module, "ShapeError", "Shapes that do not fit.", error, PyExc_ValueError);
  dtype_error = make_class(module, "DTypeError", "Types that do not fit.", error, PyExc_TypeError);
  index_error = make_class(module, "OutOfRange", "An index or axis that does not exist.", error,
                           PyExc_IndexError);
  io_error =
      make_class(module, "IoError", "Files that cannot be read or written.", error, PyExc_OSError);
}

void set_error_from_exception() noexcept {
  const auto set = [](PyObject* type, const std::exception& e) { PyErr_SetString(type, e.what()); };
  try {
    throw;
  } catch (const PythonError&) {
    if (!PyErr_Occurred()) PyErr_SetString(PyExc_SystemError, "a Python call failed");
  } catch (const ShapeError& e) {
    set(shape_error, e);
  } catch (const TypeError& e) {
    set(dtype_error, e);
  } catch (const IndexError& e) {
    set(index_error, e);
  } catch (const IoError& e) {
    set(io_error, e);
  } catch (const Error& e) {
    set(error, e);
  } catch (const std::bad_alloc&) {
    PyErr_SetString(PyExc_MemoryError, "out of memory");
  } catch (const std::exception& e) {
    set(PyExc_RuntimeError, e);
  } catch (...) {
    PyErr_SetString(PyExc_RuntimeError, "unknown C++ exception");
  }
}

}  // namespace rush::python
