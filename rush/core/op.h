// Op: one immutable record says everything about an operation - name, arguments, attributes, shape
// rule, gradient rules - and everything else is derived from it.
//
//   const Op& kTanh = Define("tanh", "Hyperbolic tangent.").args({"x"}).elementwise(Types::kFloat)
//       .grad([](Dy dy, Y<> y) { return tanh_grad(dy, y); });
//   Tensor tanh(const Tensor& x) { return apply(kTanh, {x}); }
//
// Gradient rules: one lambda per input, in order; nullptr where there is none. A rule's parameter
// types are its save list: what no rule names is not kept.
//   Dy, DyOf<i>   the gradient that arrives at output i (zeros where nothing arrived)
//   X<i>          the value of input i            Y<i>   the value of output i
//   XSpec<i>      only shape and dtype of input i
//   const A&      the op's attribute struct       Wants  which inputs need a gradient
// Rules are written in public ops, so they can be differentiated again, and work on graphs. An
// absent optional input arrives as an undefined X<i>. Where one computation serves several inputs,
// `grads` takes one lambda for all of them that returns a Tensors (undefined entries: none).
#pragma once

#include <functional>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rush/base/inline_vec.h"
#include "rush/core/attrs.h"
#include "rush/kernels/kernel.h"
#include "rush/tensor/tensor.h"

namespace rush {

struct Spec {
  Shape shape;
  DType dtype = DType::kFloat32;
};
std::string to_text(const Spec& s);  // "float32[64, 784]"

using Tensors = InlineVec<Tensor, 4>;

// How an output is laid out in memory when it is made.
enum class Format : uint8_t {
  kContiguous,
  kChannelsLast,  // [N, C, ...] with channels innermost
  kLikeFirst,     // the dense dimension order of the first input
};

struct OutSpec : Spec {
  Format format = Format::kContiguous;
};

// What a shape rule sees and fills. `in[i]` of an absent optional input has is_present(i) == false.
struct InferCall {
  const char* op;
  std::span<const Spec> in;
  std::span<const bool> present;
  const void* attrs;
  InlineVec<OutSpec, 2>& out;

  bool is_present(size_t i) const { return i < present.size() && present[i]; }
  const Shape& shape(size_t i) const { return in[i].shape; }
  DType dtype(size_t i) const { return in[i].dtype; }
  template <typename A>
  const A& attributes() const {
    return *static_cast<const A*>(attrs);
  }
  void result(const Shape& s, DType t, Format f = Format::kContiguous) {
    out.push_back(OutSpec{{s, t}, f});
  }
};
using InferRule = void (*)(InferCall&);

// For ops that only look at the same memory differently: fills `out` from `in`; false: not
// possible.
using ViewRule = bool (*)(const char* op, const Layout& in, const void* attrs, Layout* out);

// Element-wise ops: how the dtype of inputs and output come about. Inputs are promoted together.
enum class Types : uint8_t {
  kSame,     // the promoted type goes in and out
  kFloat,    // integers and bool become the default floating type first
  kCompare,  // promoted going in, bool coming out
  kSelect,   // the first input is a bool condition; the others promote
};

// What a gradient rule sees, before its parameters are unpacked.
struct GradCall;
using GradRule = Tensor (*)(const GradCall&);
using JointGradRule = Tensors (*)(const GradCall&);
// For ops over lists that write in place: whether input i of n is written.
using MutatesRule = bool (*)(size_t i, size_t n, const void* attrs);
// A composite's or fused op's formula, in public ops.
using BodyRule = Tensors (*)(std::span<const Tensor> in, const void* attrs);

// The values a gradient rule reads, as bit masks over inputs and outputs; bit 31 stands for all
// inputs from 31 on.
struct Saves {
  uint32_t x = 0, y = 0, spec = 0;
};

struct Op {
  std::string name, doc;
  std::vector<std::string> args;  // "x", "bias?" (optional), "xs*" (any number, last)
  const AttrType* attrs = nullptr;
  uint8_t outputs = 1;
  bool is_elementwise = false;
  bool is_view = false;
  bool is_random = false;  // draws numbers: never folded, merged or cached
  Types types = Types::kSame;
  uint16_t dtypes = 0x3ff;             // bit t: DType t is claimed (of the computing type)
  uint32_t mutates = 0;                // bit i: input i is written in place (no gradient then)
  MutatesRule mutates_rule = nullptr;  // instead of the bits
  InferRule infer = nullptr;
  ViewRule view = nullptr;
  BodyRule body = nullptr;
  std::vector<GradRule> grads;  // empty: not differentiable
  JointGradRule joint_grad = nullptr;
  std::vector<Saves> saves;  // what each rule reads, in the order of `grads` (or one: joint)
  mutable const kernels::Entry* entry[kDeviceCount] = {};  // bound at first use

  bool is_differentiable(size_t input) const {
    return joint_grad != nullptr || (input < grads.size() && grads[input] != nullptr) ||
           (is_variadic() && !grads.empty() && grads.back() != nullptr) || has_body_gradient();
  }
  // Differentiated by running its formula again and going backward through that.
  bool has_body_gradient() const { return body && grads.empty() && !joint_grad; }
  // The rule for an input; inputs past the end belong to the variadic last argument.
  GradRule rule(size_t input) const {
    if (input < grads.size()) return grads[input];
    return is_variadic() && !grads.empty() ? grads.back() : nullptr;
  }
  size_t required_args() const;  // how many inputs must be given at least
  bool writes_in_place() const { return mutates != 0 || mutates_rule != nullptr; }
  bool writes(size_t i, size_t n, const void* attributes) const {
    return mutates_rule ? mutates_rule(i, n, attributes) : i < 32 && ((mutates >> i) & 1);
  }
  bool is_variadic() const { return !args.empty() && args.back().back() == '*'; }
};

// All records, in order of definition.
std::vector<const Op*> all_ops();
const Op* find_op(std::string_view name);

// ---- Parameters of gradient rules -----------------------------------------------------------

template <int I = 0>
struct DyOf : Tensor {
  using Tensor::Tensor;
};
using Dy = DyOf<0>;
template <int I = 0>
struct X : Tensor {
  using Tensor::Tensor;
};
template <int I = 0>
struct Y : Tensor {
  using Tensor::Tensor;
};
template <int I = 0>
struct XSpec : Spec {};
struct Wants {
  uint64_t mask;
  bool operator[](int i) const { return (mask >> i) & 1; }
};
// For ops with any number of inputs: which input the rule is asked for, and all specs or values.
struct InputIndex {
  int value;
};
struct AllX {
  std::vector<Tensor> values;
};
struct AllXSpecs {
  std::vector<Spec> specs;
};

struct GradCall {
  const class Node& node;
  std::span<const Tensor> dy;
  Wants wants;
  int input;  // for per-input rules

  Tensor arriving(int output) const;
  Tensor input_value(int i) const;
  Tensor output_value(int i) const;
  Spec input_spec(int i) const;
  int input_count() const;
  const void* attrs() const;
};

namespace detail {

template <typename P>
struct RuleParam;
template <int I>
struct RuleParam<DyOf<I>> {
  static DyOf<I> get(const GradCall& c) { return DyOf<I>(c.arriving(I).body_ref()); }
  static void note(Saves&) {}
};
template <int I>
struct RuleParam<X<I>> {
  static X<I> get(const GradCall& c) { return X<I>(c.input_value(I).body_ref()); }
  static void note(Saves& saves) { saves.x |= 1u << I; }
};
template <int I>
struct RuleParam<Y<I>> {
  static Y<I> get(const GradCall& c) { return Y<I>(c.output_value(I).body_ref()); }
  static void note(Saves& saves) { saves.y |= 1u << I; }
};
template <int I>
struct RuleParam<XSpec<I>> {
  static XSpec<I> get(const GradCall& c) { return XSpec<I>{c.input_spec(I)}; }
  static void note(Saves& saves) { saves.spec |= 1u << I; }
};
template <>
struct RuleParam<Wants> {
  static Wants get(const GradCall& c) { return c.wants; }
  static void note(Saves&) {}
};
template <>
struct RuleParam<InputIndex> {
  static InputIndex get(const GradCall& c) { return {c.input}; }
  static void note(Saves&) {}
};
template <>
struct RuleParam<AllX> {
  static AllX get(const GradCall& c) {
    AllX all;
    for (int i = 0; i < c.input_count(); ++i) all.values.push_back(c.input_value(i));
    return all;
  }
  static void note(Saves& saves) { saves.x = ~0u; }
};
template <>
struct RuleParam<AllXSpecs> {
  static AllXSpecs get(const GradCall& c) {
    AllXSpecs all;
    for (int i = 0; i < c.input_count(); ++i) all.specs.push_back(c.input_spec(i));
    return all;
  }
  static void note(Saves& saves) { saves.spec = ~0u; }
};
template <typename A>
struct RuleParam {  // anything else is the attribute struct
  static const A& get(const GradCall& c) { return *static_cast<const A*>(c.attrs()); }
  static void note(Saves&) {}
};

// Takes a lambda apart into its parameter types.
template <typename F, typename R, typename... Ps>
struct RuleOf {
  static R run(const GradCall& c) { return F{}(RuleParam<std::remove_cvref_t<Ps>>::get(c)...); }
  static void note(Saves& saves) { (RuleParam<std::remove_cvref_t<Ps>>::note(saves), ...); }
};
template <typename F, typename R, typename... Ps>
RuleOf<F, R, Ps...> rule_of(R (F::*)(Ps...) const);

}  // namespace detail

// Builds a record and enters it in the registry. Use as the initialiser of a `const Op&`.
class Define {
 public:
  Define(std::string name, std::string doc);
  Define& args(std::initializer_list<const char*> names);
  template <typename A>
  Define& attrs() {
    op_->attrs = attr_type<A>();
    return *this;
  }
  Define& outputs(int n);
  // A row op: broadcasting and promotion are done in apply(); the output has the common shape.
  Define& elementwise(Types types = Types::kSame);
  Define& dtypes(std::initializer_list<DType> claimed);
  Define& floating_only();
  Define& random();
  Define& mutates(std::initializer_list<int> inputs);
  Define& mutates(MutatesRule rule);
  Define& shape(InferRule rule);
  Define& view(ViewRule rule);
  Define& body(BodyRule rule);

  Define& grad(std::nullptr_t) {
    op_->grads.push_back(nullptr);
    op_->saves.emplace_back();
    return *this;
  }
  template <typename F>
  Define& grad(F) {
    using Rule = decltype(detail::rule_of(&F::operator()));
    Rule::note(op_->saves.emplace_back());
    op_->grads.push_back([](const GradCall& c) -> Tensor { return Rule::run(c); });
    return *this;
  }
  template <typename F>
  Define& grads(F) {
    using Rule = decltype(detail::rule_of(&F::operator()));
    Rule::note(op_->saves.emplace_back());
    op_->joint_grad = [](const GradCall& c) -> Tensors { return Rule::run(c); };
    return *this;
  }
  operator const Op&() const { return *op_; }

 private:
  Op* op_;  // owned by the registry
};

}  // namespace rush
