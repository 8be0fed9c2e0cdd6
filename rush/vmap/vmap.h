// vmap: a function of one sample becomes a function of many. fn is written for tensors without a
// batch axis; vmap(fn) takes tensors with one more axis and gives what calling fn for each sample
// and stacking the results would give, but computes whole batches at once.
//
//   auto distances = vmap([](const Tensor& x, const Tensor& y) { return norm(x - y); });
//   Tensor d = distances(xs, ys);                              // xs, ys: [N, D] -> [N]
//
//   // The gradient of every sample by itself: fn may call grad(), and captures the parameters.
//   auto per_sample = vmap([&](const Tensor& x, const Tensor& y) {
//     return grad({nn::cross_entropy(net(x), y)}, parameters(net));
//   });
//   std::vector<Tensor> grads = per_sample(images, labels);    // each [N, shape of the parameter]
//
// fn is called once, with tensors that have shapes but no values; the ops it writes down are then
// carried out on batches. So fn may not look at values, nor write to its arguments in place.
// Captured tensors are the same for all samples and keep their history: gradients go to them.
// Calls may be nested, used in graphs, compiled and differentiated.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "rush/core/op.h"

namespace rush {

// What random ops in fn do: raise an error, draw anew for every sample, or draw once for all.
enum class Randomness : uint8_t { kError, kDifferent, kSame };

// The mapped axis of each argument; nothing: the argument is the same for all samples. An empty
// list stands for axis 0 of all.
using InDims = std::vector<std::optional<int64_t>>;
using OutDims = std::vector<int64_t>;  // where the axis comes in each result; empty: in front

struct VmapOptions {
  InDims in_dims = {};
  OutDims out_dims = {};
  Randomness randomness = Randomness::kError;
};

// The function that all others are made of. Errors: no argument is mapped; mapped axes of different
// sizes; whatever fn does that needs values (item(), nonzero(), masks as indices).
std::vector<Tensor> vmap_call(
    const std::function<std::vector<Tensor>(const std::vector<Tensor>&)>& fn,
    const std::vector<Tensor>& arguments, const VmapOptions& options = {});

namespace detail {

template <typename Result>
std::vector<Tensor> listed(const Result& result) {
  if constexpr (std::derived_from<Result, Tensor>)
    return {result};
  else
    return {result.begin(), result.end()};
}
template <typename Result>
Result unlisted(std::vector<Tensor> list) {
  if constexpr (std::is_same_v<Result, std::vector<Tensor>>)
    return list;
  else if constexpr (std::is_same_v<Result, Tensors>) {
    Tensors all;
    for (Tensor& t : list) all.push_back(std::move(t));
    return all;
  } else {
    return std::move(list.at(0));
  }
}
template <typename Fn, size_t... I>
auto call_with(const Fn& fn, const std::vector<Tensor>& in, std::index_sequence<I...>) {
  return fn(in[I]...);
}
template <typename T>
concept TensorList = std::is_same_v<T, Tensors> || std::is_same_v<T, std::vector<Tensor>>;
template <typename T>
struct ResultOf {
  using Type = T;
};
template <std::derived_from<Tensor> T>
struct ResultOf<T> {
  using Type = Tensor;
};

template <typename Fn>
class Mapped {
 public:
  Mapped(Fn fn, VmapOptions options) : fn_(std::move(fn)), options_(std::move(options)) {}

  template <std::convertible_to<Tensor>... Args>
  auto operator()(const Args&... args) const {
    using Indices = std::index_sequence_for<Args...>;
    using Given = decltype(call_with(fn_, std::vector<Tensor>(), Indices()));
    using Result = typename ResultOf<std::remove_cvref_t<Given>>::Type;
    return unlisted<Result>(vmap_call(
        [&](const std::vector<Tensor>& in) { return listed(call_with(fn_, in, Indices())); },
        {Tensor(args)...}, options_));
  }
  template <TensorList List>
  auto operator()(const List& list) const {
    using Result = typename ResultOf<std::remove_cvref_t<decltype(fn_(list))>>::Type;
    return unlisted<Result>(
        vmap_call([&](const std::vector<Tensor>& in) { return listed(fn_(unlisted<List>(in))); },
                  std::vector<Tensor>(list.begin(), list.end()), options_));
  }

 private:
  Fn fn_;
  VmapOptions options_;
};

}  // namespace detail

// fn takes tensors, or one list of them, and returns a tensor or a list; so does vmap(fn).
template <typename Fn>
auto vmap(Fn fn, VmapOptions options) {
  return detail::Mapped<Fn>(std::move(fn), std::move(options));
}
template <typename Fn>
auto vmap(Fn fn, InDims in_dims = {}, OutDims out_dims = {}) {
  return vmap(std::move(fn), VmapOptions{std::move(in_dims), std::move(out_dims)});
}

}  // namespace rush
