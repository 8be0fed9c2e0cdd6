// The submodule _C.autograd: modes, gradients, hooks, ops from Python, and functions of functions.
#pragma once

#include <Python.h>

#include <span>
#include <vector>

#include "rush/core/op.h"

namespace rush::python {

void make_autograd(PyObject* module);
void make_node_type(PyObject* module);  // graph_node.cc

// The node behind a tensor, or None; new reference.
PyObject* grad_fn_object(const Tensor& t);

// The parts of the submodule, a file each.
extern PyMethodDef kGradientMethods[];   // autograd.cc
extern PyMethodDef kCustomMethods[];     // custom_function.cc
extern PyMethodDef kTransformMethods[];  // transforms.cc
extern PyMethodDef kCompileMethods[];    // compile.cc

// The tensors of a tuple or list, undefined for None; `what` is for the error.
std::vector<Tensor> tensors_of(PyObject* sequence, const char* what);
// A tuple in which undefined tensors are None.
PyObject* tuple_with_none(std::span<const Tensor> tensors);
// function(*tensors), which gives a tensor or a sequence of them. Takes the lock.
std::vector<Tensor> call_with_tensors(PyObject* function, std::span<const Tensor> tensors);

}  // namespace rush::python
