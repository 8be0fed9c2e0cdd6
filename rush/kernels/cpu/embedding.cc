// Embedding tables: rows by id, and the gradient, which adds up the rows of equal ids.
#include <algorithm>
#include <type_traits>
#include <vector>

#include "rush/base/threads.h"
#include "rush/kernels/attrs/index.h"
#include "rush/kernels/cpu/boxes.h"
#include "rush/kernels/cpu/index_parts.h"
#include "rush/kernels/elementwise.h"
#include "rush/kernels/stride_runs.h"

namespace rush::kernels::cpu {
namespace {

// The ids in row-major order, checked.
std::vector<int64_t> checked_ids(const char* op, const View& ids, int64_t rows) {
  std::vector<int64_t> list(static_cast<size_t>(ids.numel()));
  const View flat{list.data(), DType::kInt64, ids.shape, contiguous_strides(ids.shape)};
  copy_elements(flat, ids);
  for (int64_t id : list)
    if (id < 0 || id >= rows) bad_index(op, id, 0, rows);
  return list;
}

void embedding(const Call& c) {
  const View &weight = c.in[0], &out = c.out[0];
  const std::vector<int64_t> ids = checked_ids("embedding", c.in[1], weight.shape[0]);
  const int64_t width = weight.shape[1], row = weight.strides[0], step = weight.strides[1];
  if (width == 0) return;
  by_width(size_of(weight.dtype), [&]<typename T>() {
    parallel_for(static_cast<int64_t>(ids.size()), std::max<int64_t>(grain_for(1) / width, 1),
                 [&](int64_t begin, int64_t end) {
                   for (int64_t i = begin; i < end; ++i) {
                     const T* from = weight.as<const T>() + ids[static_cast<size_t>(i)] * row;
                     T* to = out.as<T>() + i * width;
                     if (step == 1) {
                       std::copy_n(from, width, to);
                     } else {
                       for (int64_t j = 0; j < width; ++j) to[j] = from[j * step];
                     }
                   }
                 });
  });
}

// Positions sorted by id, those of equal ids in order: positions[starts[v] .. starts[v + 1]) are
// those of id v.
struct Groups {
  std::vector<int64_t> starts, positions;
};

Groups group_by_id(const std::vector<int64_t>& ids, int64_t rows) {
  Groups g;
  g.starts.assign(static_cast<size_t>(rows) + 1, 0);
  for (int64_t id : ids) ++g.starts[static_cast<size_t>(id) + 1];
  for (size_t v = 1; v < g.starts.size(); ++v) g.starts[v] += g.starts[v - 1];
  std::vector<int64_t> next(g.starts.begin(), g.starts.end() - 1);
  g.positions.resize(ids.size());
  for (size_t i = 0; i < ids.size(); ++i)
    g.positions[static_cast<size_t>(next[static_cast<size_t>(ids[i])]++)] = static_cast<int64_t>(i);
  return g;
}

// Element offset of row `i` of a [..., D] view.
int64_t row_offset(const View& v, int64_t i) {
  int64_t offset = 0;
  for (int d = v.shape.size() - 2; d >= 0; --d) {
    offset += i % v.shape[d] * v.strides[d];
    i /= v.shape[d];
  }
  return offset;
}

// dw[v] = sum of dy[i] over the i with ids[i] == v, in the order of i.
template <typename T>
void add_groups(const Groups& g, const View& dy, const View& out, std::optional<int64_t> padding) {
  using Sum = std::conditional_t<sizeof(T) == 2 && !std::is_integral_v<T>, float, T>;
  const int64_t rows = out.shape[0], width = out.shape[1], step = dy.strides[dy.shape.size() - 1];
  const auto add_rows = [&](int64_t begin, int64_t end) {
    std::vector<std::conditional_t<std::is_same_v<Sum, bool>, uint8_t, Sum>> sum(
        static_cast<size_t>(width));
    for (int64_t v = begin; v < end; ++v) {
      std::fill(sum.begin(), sum.end(), 0);
      const int64_t last = padding == v ? g.starts[v] : g.starts[v + 1];
      for (int64_t k = g.starts[v]; k < last; ++k) {
        const T* from = dy.as<const T>() + row_offset(dy, g.positions[k]);
        for (int64_t j = 0; j < width; ++j)
          sum[j] = static_cast<Sum>(sum[j] + static_cast<Sum>(from[j * step]));
      }
      T* to = out.as<T>() + v * width;
      for (int64_t j = 0; j < width; ++j) to[j] = static_cast<T>(sum[j]);
    }
  };
  parallel_for(rows, std::max<int64_t>(grain_for(4) / std::max<int64_t>(width, 1), 1), add_rows);
}

void embedding_grad(const Call& c) {
  const auto& a = c.attributes<EmbeddingGradAttrs>();
  const std::vector<int64_t> ids = checked_ids("embedding_grad", c.in[1], a.rows);
  if (c.out[0].numel() == 0) return;
  const Groups groups = group_by_id(ids, a.rows);
  dispatch(c.out[0].dtype,
           [&]<typename T>() { add_groups<T>(groups, c.in[0], c.out[0], a.padding_idx); });
}

void one_hot(const Call& c) {
  const int64_t classes = c.attributes<OneHotAttrs>().num_classes;
  const View& out = c.out[0];
  std::vector<int64_t> ids(static_cast<size_t>(c.in[0].numel()));
  copy_elements({ids.data(), DType::kInt64, c.in[0].shape, contiguous_strides(c.in[0].shape)},
                c.in[0]);
  for (int64_t id : ids)
    if (id < 0 || id >= classes)
      fail<IndexError>("one_hot: class ", id, " is out of range for ", classes, " classes");
  fill_view(out, 0);
  for (size_t i = 0; i < ids.size(); ++i)
    out.as<int64_t>()[static_cast<int64_t>(i) * classes + ids[i]] = 1;
}

}  // namespace

void add_embedding(Table& t) {
  t.add("embedding").kernel = embedding;
  t.add("embedding_grad").kernel = embedding_grad;
  t.add("one_hot").kernel = one_hot;
}

}  // namespace rush::kernels::cpu
