// Random functions over tensors, from a seed: mixed ops on arguments and states, some of them
// trained by a step of an optimiser at the end. What is called depends on the seed and on shapes
// alone, so the same function can be called again with other values.
#pragma once

#include <random>
#include <vector>

#include "rush/ops/optim_step.h"
#include "rush/rush.h"

namespace rush::graph::testing {

class RandomFunction {
 public:
  explicit RandomFunction(uint64_t seed) : seed_(seed), random_(seed) {
    for (int k = 0; k < 2; ++k) arguments.push_back(random_shape());
    for (int k = 0; k < 3; ++k) params.push_back(fresh(random_shape()).requires_grad_());
    for (int k = 0; k < 2; ++k) params.push_back(fresh({6, 3}).requires_grad_());
    for (int k = 0; k < 2; ++k) running.push_back(fresh(random_shape()));
    for (const Tensor& p : params)
      for (auto* moments : {&first, &second}) moments->push_back(zeros(p.shape()));
  }

  std::vector<Shape> arguments;
  std::vector<Tensor> params, running, first, second;  // states: the trained, the running averages

  std::vector<Tensor> states() const {
    std::vector<Tensor> all;
    for (const auto* list : {&params, &running, &first, &second})
      all.insert(all.end(), list->begin(), list->end());
    return all;
  }
  // Numbers in [-1, 1), some of them one of the two zeros.
  static Tensor fresh(const Shape& shape) {
    const Tensor x = rand(shape) * 2.0 - 1.0;
    return where(lt(abs(x), 0.1), x * 0.0, x);
  }

  std::vector<Tensor> operator()(const std::vector<Tensor>& args) {
    random_.seed(seed_ + 1);
    pool_ = args;
    pool_.insert(pool_.end(), params.begin(), params.end());
    pool_.insert(pool_.end(), running.begin(), running.end());
    const int steps = below(25) + 3;
    for (int k = 0; k < steps; ++k) {
      const Tensor y = step();
      if (y.numel() <= kMost) pool_.push_back(y);
    }
    std::vector<Tensor> results;
    const int wanted = below(3) + 1;
    for (int k = 0; k < wanted; ++k) results.push_back(recent().clone().detach());
    if (below(3) > 0) train();
    results.push_back(recent() * 1.0);
    return results;
  }

 private:
  static constexpr int64_t kMost = 4096;  // elements of a tensor

  int below(int n) { return static_cast<int>(random_() % static_cast<uint64_t>(n)); }
  Shape random_shape() {
    constexpr int64_t kSizes[] = {1, 2, 3, 4, 4, 4, 6, 9, 17};
    Shape shape;
    const int rank = below(4);
    for (int d = 0; d < rank; ++d) shape.push_back(kSizes[below(9)]);
    return shape;
  }

  const Tensor& any() { return pool_[below(static_cast<int>(pool_.size()))]; }
  const Tensor& recent() {
    const int n = static_cast<int>(pool_.size());
    return pool_[n - 1 - below(std::min(n, 4))];
  }
  Tensor pick() { return below(3) == 0 ? any() : recent(); }
  Tensor with_rank(int least) {
    Tensor x = pick();
    while (x.rank() < least) x = unsqueeze(x, below(x.rank() + 1));
    return x;
  }
  int axis_of(const Tensor& x) { return below(x.rank()); }
  // Something that broadcasts with x.
  Tensor beside(const Tensor& x) {
    const Tensor y = pick();
    try {
      if (numel(broadcast_shapes("beside", x.shape(), y.shape())) <= kMost) return y;
    } catch (const Error&) {
    }
    switch (below(4)) {
      case 0:
        return full(x.shape(), 0.5 * below(4));
      case 1:
        return x.rank() > 0 ? mean(x, {axis_of(x)}, true) : x;
      default:
        return mean(y);
    }
  }
  // Something of exactly this shape.
  Tensor alike(const Shape& shape) {
    for (const Tensor& x : pool_)
      if (x.shape() == shape && below(2) == 0) return x;
    return expand(mean(pick()), shape);
  }

  Tensor step() {
    switch (below(8)) {
      case 0:
        return unary(pick());
      case 1:
        return binary();
      case 2:
        return plain(pick());
      case 3:
        return reduction(with_rank(1));
      case 4:
        return view(with_rank(1));
      case 5:
        return movement(with_rank(2));
      case 6:
        return product();
      default:
        return below(2) == 0 ? in_place() : indexed(with_rank(1));
    }
  }

  Tensor unary(const Tensor& x) {
    switch (below(12)) {
      case 0:
        return tanh(x);
      case 1:
        return relu(x);
      case 2:
        return sigmoid(x);
      case 3:
        return exp(clamp(x, -4.0, 2.0));
      case 4:
        return neg(x);
      case 5:
        return gelu(x);
      case 6:
        return silu(x);
      case 7:
        return sqrt(abs(x) + 0.1);
      case 8:
        return cast(cast(x, below(2) ? bfloat16 : float64), float32);
      case 9:
        return floor(x) + cast(gt(x, 0), float32);
      case 10:
        return dropout(x, 0.25);
      default:
        return square(clamp(x, -3.0, 3.0));
    }
  }

  Tensor binary() {
    const Tensor x = pick(), y = beside(x);
    switch (below(8)) {
      case 0:
        return x + y;
      case 1:
        return x - y;
      case 2:
        return tanh(x) * y;
      case 3:
        return x / (abs(y) + 0.5);
      case 4:
        return maximum(x, y);
      case 5:
        return where(gt(x, y), x, y * 0.5);
      case 6:
        return lerp(x, y, 0.25);
      default:
        return minimum(x, x + y);
    }
  }

  // What passes may leave out, or must not.
  Tensor plain(const Tensor& x) {
    switch (below(14)) {
      case 0:
        return x * 1.0;
      case 1:
        return x + 0.0;
      case 2:
        return x - 0.0;
      case 3:
        return x / 1.0;
      case 4:
        return neg(neg(x));
      case 5:
        return relu(relu(x));
      case 6:
        return x.clone();
      case 7:
        return contiguous(x);
      case 8:
        return where(full(x.shape(), below(2) == 0, bool_), x, x * 2.0);
      case 9:
        return x * ones_like(x) + zeros(x.shape());
      case 10:
        return pow(x, 1.0);
      case 11:
        return x.detach();
      case 12:
        return (x + 0.5) * (x + 0.5);
      default:
        return x * full({}, 3.0) + tanh(full(x.shape(), 2.0));
    }
  }

  Tensor reduction(const Tensor& x) {
    const Dims axes = below(3) == 0 ? Dims() : Dims{axis_of(x)};
    const bool keep = below(2) == 0;
    switch (below(8)) {
      case 0:
        return sum(x, axes, keep) * 0.25;
      case 1:
        return mean(x, axes, keep);
      case 2:
        return amax(x, axes, keep);
      case 3:
        return logsumexp(x, {axis_of(x)}, keep);
      case 4:
        return var(x, axes, 0, keep);
      case 5:
        return softmax(x, axis_of(x));
      case 6:
        return cumsum(x, axis_of(x)) * 0.1;
      default:
        return layer_norm(x, {x.shape().back()});
    }
  }

  Tensor view(const Tensor& x) {
    const int a = axis_of(x), b = axis_of(x);
    const int64_t n = x.shape()[a];
    switch (below(7)) {
      case 0:
        return transpose(x, a, b);
      case 1:
        return reshape(x, {-1});
      case 2:
        return n > 1 ? slice(x, a, below(static_cast<int>(n)), n) : x;
      case 3:
        return slice(x, a, 0, n, 2);
      case 4:
        return select(x, a, below(static_cast<int>(n)));
      case 5:
        return x.rank() < 4 && x.numel() * 3 <= kMost
                   ? expand(unsqueeze(x, 0), prepend(3, x.shape()))
                   : x;
      default:
        return reshape(transpose(x, a, b), {n, -1});
    }
  }
  static Shape prepend(int64_t size, Shape shape) {
    shape.insert(0, size);
    return shape;
  }

  Tensor movement(const Tensor& x) {
    const int a = axis_of(x);
    switch (below(8)) {
      case 0: {
        const Tensor parts[] = {x, x * 2.0, x};
        return cat(parts, a);
      }
      case 1: {
        const Tensor parts[] = {x, alike(x.shape())};
        return x.rank() < 4 ? stack(parts, a) : x;
      }
      case 2:
        return flip(x, {a});
      case 3:
        return tril(x);
      case 4:
        return pad(x, {1, 2}, "constant", 0.5);
      case 5:
        return contiguous(transpose(x, 0, -1));
      case 6:
        return roll(x, {1}, {a});
      default:
        return transpose(x, 0, 1).clone();
    }
  }

  Tensor product() {
    const Tensor x = with_rank(2);
    switch (below(5)) {
      case 4:
        return recurrence();
      case 0:
        return matmul(x, transpose(x, -1, -2)) * 0.1;
      case 1:
        return linear(x, ones({5, x.shape().back()}) * 0.25, full({5}, 0.5));
      case 2:
        return matmul(transpose(x, -1, -2), contiguous(x)) * 0.1;
      default:
        return matmul(x, expand(mean(pick()), {x.shape().back(), 3}) + 0.5);
    }
  }

  // A few steps of a gated recurrence.
  Tensor recurrence() {
    const Tensor x = expand(mean(pick()), {4, 2, 3}) + running[0].numel();
    const Tensor gates = linear(x, params[3]);
    Tensor h = zeros({2, 3});
    std::vector<Tensor> all;
    for (int t = 0; t < 4; ++t) {
      const Tensor g = select(gates, 0, t) + linear(h, params[4]);
      h = tanh(slice(g, 1, 0, 3)) * sigmoid(slice(g, 1, 3, 6));
      all.push_back(h);
    }
    return below(2) == 0 ? stack(all) : h;
  }

  Tensor indexed(const Tensor& x) {
    const int a = axis_of(x);
    const int64_t n = x.shape()[a];
    switch (below(4)) {
      case 0:
        return index_select(x, a, remainder(arange(4), n));
      case 1:
        return index_add(x, a, arange(n), alike(x.shape()));
      case 2:
        return gather(x, a, zeros(x.shape(), int64));
      default:
        return masked_fill(x, gt(x, 0.5), 0.25);
    }
  }

  Tensor in_place() {
    Tensor z = below(2) == 0 ? pick().clone() : pick() + 0.5;
    const int times = below(3) + 1;
    for (int k = 0; k < times; ++k) {
      switch (below(6)) {
        case 0:
          z += mean(pick());
          break;
        case 1:
          z *= alike(z.shape());
          break;
        case 2:
          z = z.detach();
          if (z.rank() > 0) z[0] = mean(pick().detach());
          break;
        case 3:
          z = z.detach();
          if (z.rank() > 0) slice(z, 0, 0, 1) += 1.5;
          break;
        case 4:
          z = z.detach();
          z.copy_(alike(z.shape()).detach());
          break;
        default:
          change_state();
      }
    }
    return z;
  }

  void change_state() {
    const NoGrad off;
    const Tensor& state = running[below(2)];
    switch (below(4)) {
      case 0:
        state.copy_(state * 0.9 + mean(pick()) * 0.1);
        break;
      case 1:
        state += mean(pick());
        break;
      case 2:
        state.copy_(alike(state.shape()) * 0.5);
        break;
      default:
        state.zero_();
        state += mean(pick());
    }
  }

  void train() {
    const Tensor loss = mean(square(recent())) + mean(tanh(any())) + mean(params[0] * params[0]);
    if (!loss.requires_grad()) return;
    backward({loss});
    std::vector<Tensor> with_grad, grads, exp_avgs, exp_avg_sqs;
    for (size_t k = 0; k < params.size(); ++k) {
      if (!params[k].grad().defined()) continue;
      with_grad.push_back(params[k]);
      grads.push_back(params[k].grad());
      exp_avgs.push_back(first[k]);
      exp_avg_sqs.push_back(second[k]);
      params[k].set_grad(Tensor());
    }
    const NoGrad off;
    if (below(2) == 0) return adam_step(with_grad, grads, exp_avgs, exp_avg_sqs, {}, {.lr = 0.01});
    for (size_t k = 0; k < with_grad.size(); ++k) with_grad[k] -= 0.1 * grads[k];
  }

  uint64_t seed_;
  std::mt19937_64 random_;
  std::vector<Tensor> pool_;
};

}  // namespace rush::graph::testing
