// Functions of the package, made from rows: PyTorch's names and defaults, and what to call.
//
//   rows.add("softmax(input, dim, dtype=None)",
//            [](const Tensor& x, int64_t axis, std::optional<DType> t) {
//              return softmax(t ? x.to(*t) : x, axis);
//            });
//
// The types of the lambda's parameters are those of the arguments. A row gives a function and, when
// its first parameter is called `input`, a method of Tensor; rows of one name are tried in order.
//   *size     the remaining arguments, or one sequence of them (numbers, or tensors)
//   , *,      what follows is given by keyword only
// Every function that gives a tensor takes out=; factories take device=, requires_grad= and kin.
#pragma once

#include <Python.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "convert.h"
#include "row_flags.h"
#include "rush/core/apply.h"
#include "rush/ops/cast.h"

namespace rush::python {

struct Parameter {
  std::string name;
  Object default_value;  // null: must be given
  const char* type = "Any";
  bool keyword_only = false, takes_rest = false;
  bool takes_tensors() const { return std::string_view(type) == "Sequence[Tensor]"; }
};

struct Overload;
// The result of a function with inplace=: written over its first argument if asked for. Where the
// result is that argument as it was, Python gets the very same object.
struct MaybeInPlace {
  const char* name;  // of the in-place form, for errors
  Tensor value;
  bool is_in_place;
};
// f(x), to be written over x if asked for. What the gradient keeps is then a copy of x.
template <typename F>
MaybeInPlace maybe_in_place(const char* name, const Tensor& x, bool is_in_place, F&& f) {
  const bool copies = is_in_place && grad_enabled() && x.requires_grad();
  return {name, copies ? f(clone(x)) : f(x), is_in_place};
}

// Arguments in the order of the parameters. Null: they are none of these types.
using Invoke = PyObject* (*)(const Overload& overload, PyObject* const* args);

struct Overload {
  std::vector<Parameter> parameters;
  Invoke invoke = nullptr;
  std::string text;  // "softmax(input, dim, dtype=None)"
  const char* doc = nullptr;
  const char* result = "Tensor";
  unsigned flags = 0;
  bool writes_fresh_memory = true;  // so that Ctrl-C may stop it half-way
  size_t positional = 0;            // how many parameters may be given by position
  const Op* op = nullptr;           // of an element-wise op's own row
};

namespace detail {

// Arguments that carry work, for deciding whether to give up the interpreter's lock.
inline int64_t work_of(const Tensor* t) { return t->has_data() ? t->numel() : 0; }
inline int64_t work_of(const Self& t) { return work_of(&*t); }
inline int64_t work_of(const Operand& t) { return t.has_data() ? t.numel() : 0; }
inline int64_t work_of(const Maybe&) { return 0; }
inline int64_t work_of(const std::vector<Tensor>& ts) {
  int64_t sum = 0;
  for (const Tensor& t : ts) sum += work_of(&t);
  return sum;
}
inline int64_t work_of(const Dims& d) {  // sizes of factories
  int64_t product = 1;
  for (int64_t v : d) product = v > 0 && product < (1 << 20) ? product * v : product;
  return product;
}
template <typename T>
int64_t work_of(const T&) {
  return 0;
}
inline constexpr int64_t kWorthReleasing = 1 << 14;

template <typename T>
constexpr const char* result_name() {
  if constexpr (std::is_same_v<T, Tensor> || std::is_same_v<T, Self> ||
                std::is_same_v<T, MaybeInPlace>)
    return "Tensor";
  else if constexpr (std::is_same_v<T, Nothing>)
    return "None";
  else if constexpr (std::is_same_v<T, bool>)
    return "bool";
  else if constexpr (std::is_same_v<T, double>)
    return "float";
  else if constexpr (std::is_same_v<T, int64_t>)
    return "int";
  else if constexpr (std::is_same_v<T, std::string>)
    return "str";
  else if constexpr (std::is_same_v<T, PyObject*> || std::is_same_v<T, OneOrMore>)
    return "Any";
  else
    return "tuple[Tensor, ...]";
}

// The first argument with the result written over it, or the result alone.
PyObject* settle(PyObject* first, MaybeInPlace result);

// A result that is a PyObject* (or a lambda that takes Any) needs the lock.
template <typename F, typename R, typename... Ps>
struct Invoker {
  static constexpr bool kNeedsGil =
      std::is_same_v<R, PyObject*> || (std::is_same_v<std::remove_cvref_t<Ps>, Any> || ...);

  static PyObject* run(const Overload&, PyObject* const* args) {
    return run(args, std::index_sequence_for<Ps...>());
  }
  template <size_t... I>
  static PyObject* run([[maybe_unused]] PyObject* const* args, std::index_sequence<I...>) {
    std::tuple<typename From<std::remove_cvref_t<Ps>>::Place...> places{};
    if (!(From<std::remove_cvref_t<Ps>>::load(args[I], std::get<I>(places)) && ...)) return nullptr;
    auto result = [&] {
      const bool releases =
          !kNeedsGil && (work_of(std::get<I>(places)) + ... + 0) > kWorthReleasing;
      const WithoutGil released(releases);
      return F{}(From<std::remove_cvref_t<Ps>>::get(std::get<I>(places))...);
    }();
    if constexpr (std::is_same_v<R, MaybeInPlace>)
      return settle(args[0], std::move(result));
    else
      return to_python(std::move(result));
  }
  static std::vector<const char*> types() { return {From<std::remove_cvref_t<Ps>>::kName...}; }
};
template <typename F, typename R, typename... Ps>
Invoker<F, std::remove_cvref_t<R>, Ps...> invoker_of(R (F::*)(Ps...) const);

}  // namespace detail

struct Row {
  const char* signature;
  Invoke invoke;
  std::vector<const char*> types;
  const char* result;
  unsigned flags;
  const char* doc;
  template <typename F>
  Row(const char* text, F, unsigned row_flags = 0, const char* description = nullptr)
      : signature(text), flags(row_flags), doc(description) {
    using I = decltype(detail::invoker_of(&F::operator()));
    invoke = I::run;
    types = I::types();
    result = detail::result_name<decltype(result_of(&F::operator()))>();
  }

 private:
  template <typename F, typename R, typename... Ps>
  static std::remove_cvref_t<R> result_of(R (F::*)(Ps...) const);
};

// Enters rows into a namespace: "torch", "nn", "linalg", "fft", "special", "optim", ... Methods
// come from rows of "torch" and "tensor" (methods only) alone.
class Rows {
 public:
  explicit Rows(const char* where) : where_(where) {}
  template <typename F>
  void add(const char* signature, F f, unsigned flags = 0, const char* doc = nullptr) const {
    enter(Row(signature, f, flags, doc));
  }
  // A row of an element-wise op without attributes: "pow(input, exponent)". In place, its kernel
  // writes over its first argument.
  void add_op(const std::string& signature, const Op& op, unsigned flags = 0) const;
  // Another name for all that a function and its in-place form do.
  void alias(const std::string& name, const std::string& of) const;

 private:
  void enter(const Row& row) const;
  void enter(Overload& overload, const char* doc) const;
  const char* where_;
};

// Makes a submodule of each namespace, and Tensor's methods. Called once, after all rows.
void make_functions(PyObject* module);

// What a function was asked to do, as an error text: "softmax(Tensor, dim=str)".
std::string call_text(const char* name, PyObject* const* args, size_t count, PyObject* keywords);

}  // namespace rush::python
