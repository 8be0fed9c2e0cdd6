// What grad_fn shows: a node of the recorded graph, which is kept as long as its Python object.
#include <cctype>

#include "autograd.h"
#include "convert.h"
#include "rush/core/node.h"

namespace rush::python {
namespace {

struct NodeObject {
  PyObject_HEAD Edge edge;
};
PyTypeObject* node_type = nullptr;

PyObject* node_object(const Edge& edge) {
  if (!edge) Py_RETURN_NONE;
  PyObject* o = checked(node_type->tp_alloc(node_type, 0));
  new (&reinterpret_cast<NodeObject*>(o)->edge) Edge(edge);
  return o;
}
const Node& node_of(PyObject* o) { return *reinterpret_cast<NodeObject*>(o)->edge.node(); }

void destroy_node(PyObject* o) {
  PyTypeObject* type = Py_TYPE(o);
  reinterpret_cast<NodeObject*>(o)->edge.~Edge();
  type->tp_free(o);
  Py_DECREF(type);
}

// "log_softmax" -> "LogSoftmaxBackward0"; a Function's own name is kept as it is.
std::string node_name(const Node& node) {
  if (node.is_leaf()) return "AccumulateGrad";
  if (node.extra && !node.extra->name.empty()) return node.extra->name;
  std::string name;
  bool is_start = true;
  for (const char c : node.op->name) {
    if (c != '_') name += is_start ? static_cast<char>(std::toupper(c)) : c;
    is_start = c == '_';
  }
  return name + "Backward0";
}
PyObject* name_of_node(PyObject* o, PyObject*) {
  return guarded([&] { return to_python(node_name(node_of(o))); });
}
PyObject* repr_of_node(PyObject* o) {
  return guarded([&] {
    return checked(PyUnicode_FromFormat("<%s object at %p>", node_name(node_of(o)).c_str(),
                                        static_cast<const void*>(&node_of(o))));
  });
}
PyObject* next_functions(PyObject* o, void*) {
  return guarded([&]() -> PyObject* {
    const Node& node = node_of(o);
    Object tuple(checked(PyTuple_New(static_cast<Py_ssize_t>(node.inputs.size()))));
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const Object next(node_object(node.inputs[i]));
      const int index = static_cast<int>(node.inputs[i].index());
      PyTuple_SET_ITEM(tuple.get(), static_cast<Py_ssize_t>(i),
                       checked(Py_BuildValue("(Oi)", next.get(), index)));
    }
    return tuple.release();
  });
}
PyObject* compare_nodes(PyObject* a, PyObject* b, int how) {
  if (Py_TYPE(b) != node_type || (how != Py_EQ && how != Py_NE)) Py_RETURN_NOTIMPLEMENTED;
  return PyBool_FromLong((&node_of(a) == &node_of(b)) == (how == Py_EQ));
}
Py_hash_t hash_of_node(PyObject* o) {
  return static_cast<Py_hash_t>(reinterpret_cast<uintptr_t>(&node_of(o)) >> 6);
}

}  // namespace

PyObject* grad_fn_object(const Tensor& t) {
  return t.requires_grad() && !t.is_leaf() ? node_object(t.body().edge) : Py_NewRef(Py_None);
}

void make_node_type(PyObject* module) {
  static PyGetSetDef properties[] = {{"next_functions", next_functions, nullptr,
                                      "The nodes of the inputs, with output numbers.", nullptr},
                                     {}};
  static PyMethodDef methods[] = {{"name", name_of_node, METH_NOARGS, "The name of the op."}, {}};
  static PyType_Slot slots[] = {{Py_tp_dealloc, reinterpret_cast<void*>(destroy_node)},
                                {Py_tp_repr, reinterpret_cast<void*>(repr_of_node)},
                                {Py_tp_richcompare, reinterpret_cast<void*>(compare_nodes)},
                                {Py_tp_hash, reinterpret_cast<void*>(hash_of_node)},
                                {Py_tp_getset, properties},
                                {Py_tp_methods, methods},
                                {0, nullptr}};
  static PyType_Spec spec = {"rushlight.autograd.graph.Node", sizeof(NodeObject), 0,
                             Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots};
  node_type = reinterpret_cast<PyTypeObject*>(checked(PyType_FromSpec(&spec)));
  if (PyModule_AddObjectRef(module, "Node", reinterpret_cast<PyObject*>(node_type)) < 0)
    throw PythonError();
}

}  // namespace rush::python
