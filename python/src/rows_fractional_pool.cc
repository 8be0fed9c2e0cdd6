// Max pools whose windows lie at random distances, as torch.nn.functional has them.
#include "function.h"
#include "nn_arguments.h"
#include "rows.h"
#include "rush/ops/binary.h"
#include "rush/ops/create.h"
#include "rush/ops/index.h"
#include "rush/ops/movement.h"
#include "rush/ops/random.h"
#include "rush/ops/reduce.h"

namespace rush::python {
namespace {

struct Pool {
  Dims kernel, output;
};

// Where the windows of one axis begin, for a sample u in [0, 1): the steps between them are the
// two whole numbers around (size - kernel) / (count - 1).
void add_starts(double u, int64_t size, int64_t kernel, int64_t count, bool is_single,
                std::vector<int64_t>& starts) {
  const double step =
      count > 1 ? static_cast<double>(size - kernel) / static_cast<double>(count - 1) : 0;
  const auto whole = [&](double place) {
    if (is_single)
      return static_cast<int64_t>(static_cast<float>(place) * static_cast<float>(step));
    return static_cast<int64_t>(place * step);
  };
  for (int64_t i = 0; i + 1 < count; ++i)
    starts.push_back(whole(static_cast<double>(i) + u) - whole(u));
  starts.push_back(size - kernel);
}

// Of each window's elements, where they lie in the flattened axes of space:
// [N, C, out..., kernel...]
Tensor window_places(const Tensor& x, const Pool& pool, const Tensor& samples) {
  const int axes = pool.kernel.size();
  const std::vector<double> drawn = samples.to_vector<double>();
  const int64_t planes = x.size(0) * x.size(1);
  Tensor places = Tensor::scalar(0, DType::kInt64);
  int64_t stride = 1;
  for (int d = axes - 1; d >= 0; --d) {
    const int64_t size = x.size(2 + d), kernel = pool.kernel[d], count = pool.output[d];
    std::vector<int64_t> starts;
    const int sample = axes == 2 ? 1 - d : d;  // in the order PyTorch takes them
    for (int64_t p = 0; p < planes; ++p)
      add_starts(drawn[static_cast<size_t>(p * axes + sample)], size, kernel, count,
                 x.dtype() == DType::kFloat32, starts);
    Shape window = Shape::filled(2 + 2 * axes, 1), inside = window;
    window[0] = x.size(0);
    window[1] = x.size(1);
    window[2 + d] = count;
    inside[2 + axes + d] = kernel;
    const Tensor at = reshape(Tensor::from(starts), window) +
                      reshape(arange(Tensor(kernel), DType::kInt64), inside);
    places = places + at * stride;
    stride *= size;
  }
  return places;
}

void check_sizes(const Tensor& x, const Pool& pool) {
  for (int d = 0; d < pool.kernel.size(); ++d)
    if (pool.kernel[d] < 1 || pool.output[d] < 1 ||
        pool.output[d] + pool.kernel[d] - 1 > x.size(2 + d))
      fail<ShapeError>("fractional_max_pool: ", pool.output, " windows of ", pool.kernel,
                       " do not fit into ", x.shape());
}

std::pair<Tensor, Tensor> pooled(const Tensor& x, const Pool& pool, const Tensor& given) {
  const int axes = pool.kernel.size();
  if (x.rank() == axes + 1) {
    auto [values, places] = pooled(unsqueeze(x, 0), pool, given);
    return {squeeze(values, 0), squeeze(places, 0)};
  }
  if (x.rank() != axes + 2)
    fail<ShapeError>("fractional_max_pool: [N, C, size...] or [C, size...] with ", axes,
                     " sizes is needed; got ", x.shape());
  check_sizes(x, pool);
  const Shape wanted{x.size(0), x.size(1), axes};
  const Tensor samples = given.defined() ? given : rand(wanted, x.dtype());
  if (samples.shape() != wanted)
    fail<ShapeError>("fractional_max_pool: _random_samples must be ", wanted, "; got ",
                     samples.shape());
  const Tensor places = flatten(window_places(x, pool, samples), 2 + axes);
  const Tensor elements = reshape(gather(flatten(x, 2), 2, flatten(places, 2)), places.shape());
  const auto [values, chosen] = max(elements, -1);
  return {values, squeeze(gather(places, -1, unsqueeze(chosen, -1)), -1)};
}

template <int axes>
Pool pool_of(const Tensor& x, const PerAxis& kernel, const PerAxis& output, const Numbers& ratio) {
  Pool pool{kernel.expand("fractional_max_pool", "kernel_size", axes), {}};
  if (output.is_given()) {
    pool.output = output.expand("fractional_max_pool", "output_size", axes);
    return pool;
  }
  if (ratio.values.size() != 1 && ratio.values.size() != axes)
    fail<ShapeError>("fractional_max_pool: output_size or output_ratio is needed, one an axis");
  if (x.rank() < axes) fail<ShapeError>("fractional_max_pool: x has too few axes: ", x.shape());
  for (int d = 0; d < axes; ++d) {
    const double factor = ratio.values[ratio.values.size() == 1 ? 0 : static_cast<size_t>(d)];
    pool.output.push_back(
        static_cast<int64_t>(static_cast<double>(x.size(x.rank() - axes + d)) * factor));
  }
  return pool;
}

template <int axes>
void add_fractional(const Rows& nn) {
  const std::string name = "fractional_max_pool" + std::to_string(axes) + "d";
  const std::string parameters =
      "(input, kernel_size, output_size=None, output_ratio=None, return_indices=False, "
      "_random_samples=None)";
  constexpr const char* kDoc =
      "The largest element of windows at random distances. output_ratio: the result's size over "
      "the input's. return_indices: and where it lies among the flattened axes of space.";
  nn.add((name + parameters).c_str(),
         [](const Tensor& x, const PerAxis& kernel, const PerAxis& output, const Numbers& ratio,
            bool return_indices, const Maybe& samples) {
           auto [values, places] = pooled(x, pool_of<axes>(x, kernel, output, ratio), samples);
           return return_indices ? OneOrMore{{values, places}} : OneOrMore{{values}};
         },
         kFullPrecision, kDoc);
  nn.add((name + "_with_indices" + parameters).c_str(),
         [](const Tensor& x, const PerAxis& kernel, const PerAxis& output, const Numbers& ratio,
            bool, const Maybe& samples) {
           return pooled(x, pool_of<axes>(x, kernel, output, ratio), samples);
         },
         kFullPrecision, kDoc);
}

}  // namespace

void add_fractional_pool_rows() {
  const Rows nn("nn");
  add_fractional<2>(nn);
  add_fractional<3>(nn);
}

}  // namespace rush::python
