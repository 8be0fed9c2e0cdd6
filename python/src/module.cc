// The extension module rushlight._C.
#include <nanobind/nanobind.h>

#include "autograd.h"
#include "build.h"
#include "classes.h"
#include "dtype_object.h"
#include "errors.h"
#include "exchange.h"
#include "function.h"
#include "held.h"
#include "rows.h"
#include "settings.h"
#include "tensor_object.h"

NB_MODULE(_C, m) {
  using namespace rush::python;
  try {
    make_build(m.ptr());
    make_errors(m.ptr());
    make_dtype_type(m.ptr());
    make_tensor_type(m.ptr());
    make_classes(m);
    make_settings(m.ptr());
    make_exchange();
    make_held();
    add_all_rows();
    make_functions(m.ptr());
    make_return_types(m.ptr());
    make_autograd(m.ptr());
    make_profiler(m);
  } catch (const PythonError&) {
    nanobind::raise_python_error();
  }
}
