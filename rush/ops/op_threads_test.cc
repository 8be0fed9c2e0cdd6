// Inputs large enough for several threads and whole vectors, where the rows are small: results and
// gradients have the same bits with 1, 2 and 4 threads, and are those of float64.
#include <gtest/gtest.h>

#include "rush/autograd/autograd.h"
#include "rush/base/threads.h"
#include "rush/ops/binary.h"
#include "rush/ops/cases/compare.h"
#include "rush/ops/cases/inputs.h"
#include "rush/ops/conv.h"
#include "rush/ops/index.h"
#include "rush/ops/loss.h"
#include "rush/ops/matmul.h"
#include "rush/ops/movement.h"
#include "rush/ops/norm.h"
#include "rush/ops/pool.h"
#include "rush/ops/reduce.h"
#include "rush/ops/softmax.h"
#include "rush/ops/sort.h"
#include "rush/ops/unary.h"

namespace rush::testing {
namespace {

struct Large {
  const char* name;
  std::vector<Shape> shapes;
  Tensor (*call)(const Tensors&);
  bool differentiable = true;
};

// Fixed class ids or rows, scattered over [0, n).
Tensor ids(const Shape& shape, int64_t n) {
  const Tensor t = Tensor::empty(shape, int64);
  for (int64_t i = 0; i < t.numel(); ++i) t.data<int64_t>()[i] = i * 7919 % n;
  return t;
}

const Large kLarge[] = {
    {"sum_of_all", {{317, 1001}}, [](const Tensors& x) { return sum(x[0]); }},
    {"sum_of_rows", {{317, 1001}}, [](const Tensors& x) { return sum(x[0], {1}); }},
    {"sum_of_columns", {{1001, 317}}, [](const Tensors& x) { return sum(x[0], {0}); }},
    {"sum_of_the_middle", {{33, 71, 129}}, [](const Tensors& x) { return sum(x[0], {1}); }},
    {"sum_of_outer_axes",
     {{33, 71, 129}},
     [](const Tensors& x) {
       return sum(x[0], {0, 2});
     }},
    {"mean", {{317, 1001}}, [](const Tensors& x) { return mean(x[0], {0}); }},
    {"var", {{317, 1001}}, [](const Tensors& x) { return var(x[0], {1}); }},
    {"norm", {{317, 1001}}, [](const Tensors& x) { return norm(x[0]); }},
    {"logsumexp", {{317, 1001}}, [](const Tensors& x) { return logsumexp(x[0], {1}); }},
    {"amax", {{317, 1001}}, [](const Tensors& x) { return amax(x[0], {0}); }},
    {"argmax", {{317, 1001}}, [](const Tensors& x) { return argmax(x[0], 1); }, false},
    {"cumsum", {{65, 4099}}, [](const Tensors& x) { return cumsum(x[0], 1); }},
    {"cumsum_of_columns", {{1025, 129}}, [](const Tensors& x) { return cumsum(x[0], 0); }},
    {"softmax", {{317, 1001}}, [](const Tensors& x) { return softmax(x[0], 1); }},
    {"softmax_of_columns", {{317, 1001}}, [](const Tensors& x) { return softmax(x[0], 0); }},
    {"log_softmax", {{317, 1001}}, [](const Tensors& x) { return log_softmax(x[0], -1); }},
    {"cross_entropy",
     {{1003, 129}},
     [](const Tensors& x) { return cross_entropy(x[0], ids({1003}, 129)); }},
    {"mse_loss", {{317, 1001}, {317, 1001}}, [](const Tensors& x) { return mse_loss(x[0], x[1]); }},
    {"layer_norm",
     {{317, 1001}, {1001}, {1001}},
     [](const Tensors& x) { return layer_norm(x[0], {1001}, x[1], x[2]); }},
    {"rms_norm",
     {{317, 1001}, {1001}},
     [](const Tensors& x) { return rms_norm(x[0], {1001}, x[1]); }},
    {"group_norm",
     {{9, 12, 33, 31}, {12}, {12}},
     [](const Tensors& x) { return group_norm(x[0], 3, x[1], x[2]); }},
    {"batch_norm",
     {{9, 12, 33, 31}, {12}, {12}},
     [](const Tensors& x) { return batch_norm(x[0], {}, {}, x[1], x[2], true); }},
    {"matmul", {{257, 129}, {129, 301}}, [](const Tensors& x) { return matmul(x[0], x[1]); }},
    {"matmul_of_batches",
     {{17, 65, 33}, {17, 33, 71}},
     [](const Tensors& x) { return matmul(x[0], x[1]); }},
    {"matmul_of_a_vector",
     {{1003, 517}, {517}},
     [](const Tensors& x) { return matmul(x[0], x[1]); }},
    {"conv2d",
     {{5, 7, 29, 31}, {11, 7, 3, 3}, {11}},
     [](const Tensors& x) { return conv2d(x[0], x[1], x[2], {.padding = 1}); }},
    {"conv2d_depthwise",
     {{5, 16, 29, 31}, {16, 1, 3, 3}},
     [](const Tensors& x) { return conv2d(x[0], x[1], {}, {.stride = 2, .groups = 16}); }},
    {"max_pool2d", {{9, 12, 33, 31}}, [](const Tensors& x) { return max_pool2d(x[0], 3); }},
    {"avg_pool2d",
     {{9, 12, 33, 31}},
     [](const Tensors& x) { return avg_pool2d(x[0], 3, {.stride = 2, .padding = 1}); }},
    {"embedding", {{211, 65}}, [](const Tensors& x) { return embedding(x[0], ids({1501}, 211)); }},
    {"scatter_add",
     {{211, 65}, {1501, 65}},
     [](const Tensors& x) {
       return scatter_add(x[0], 0, ids({1501, 65}, 211), x[1]);
     }},
    {"index_add",
     {{211, 65}, {1501, 65}},
     [](const Tensors& x) { return index_add(x[0], 0, ids({1501}, 211), x[1]); }},
    {"gather",
     {{1003, 129}},
     [](const Tensors& x) {
       return gather(x[0], 1, ids({1003, 77}, 129));
     }},
    {"cat",
     {{317, 501}, {317, 333}},
     [](const Tensors& x) {
       return cat({x[0], x[1]}, 1);
     }},
    {"transposed_copy", {{517, 601}}, [](const Tensors& x) { return x[0].t().contiguous(); }},
    {"flip", {{317, 1001}}, [](const Tensors& x) { return flip(x[0], {1}); }},
    {"sort", {{65, 4099}}, [](const Tensors& x) { return sort(x[0], 1).values; }},
    {"broadcast_product",
     {{317, 1, 31}, {29, 1}},
     [](const Tensors& x) { return mul(x[0], x[1]); }},
    {"gelu", {{317, 1001}}, [](const Tensors& x) { return gelu(x[0]); }},
};

class ThreadScope {
 public:
  explicit ThreadScope(int n) : before_(num_threads()) {
    set_num_threads(n);
    set_deterministic(true);
  }
  ~ThreadScope() {
    set_num_threads(before_);
    set_deterministic(false);
  }

 private:
  int before_;
};

// The result, then the gradients of its weighted sum.
Tensors results(const Large& large, DType t) {
  Tensors inputs;
  for (size_t i = 0; i < large.shapes.size(); ++i) {
    // Drawn in float32, so that both dtypes start from the same values.
    const Tensor drawn = weights_for(Tensor::empty(large.shapes[i], float32), 31 + i);
    inputs.push_back(converted(drawn, t));
    if (large.differentiable) inputs.back().requires_grad_();
  }
  const Tensor y = large.call(inputs);
  Tensors all{y.detach()};
  if (!large.differentiable) return all;
  const Tensor dy = weights_for(Tensor::empty(y.shape(), float32), 99);
  const std::vector<Tensor> xs(inputs.begin(), inputs.end());
  for (const Tensor& dx : grad({y}, xs, {converted(dy, t)})) all.push_back(dx);
  return all;
}

class OpThreads : public ::testing::TestWithParam<Large> {};

TEST_P(OpThreads, ChangeNoBit) {
  Tensors first;
  for (int n : {1, 2, 4}) {
    const ThreadScope scope(n);
    const Tensors got = results(GetParam(), float32);
    if (first.empty()) first = got;
    EXPECT_EQ(bit_difference(got, first), "") << n << " threads";
  }
}

TEST_P(OpThreads, AgreeWithDouble) {
  const Tensors narrow = results(GetParam(), float32), wide = results(GetParam(), float64);
  EXPECT_EQ(difference(narrow, wide, 2e-4), "");
}

INSTANTIATE_TEST_SUITE_P(Large, OpThreads, ::testing::ValuesIn(kLarge),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace rush::testing
