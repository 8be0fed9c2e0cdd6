// Reading and writing by index tensors. x is seen as [before, indexed axes, after]: for each row of
// indices, a slab of `after` moves. Indices are turned into element offsets, which checks them; a
// write checks all of them before it begins.
#include "rush/kernels/attrs/index.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "rush/base/threads.h"
#include "rush/kernels/copy.h"
#include "rush/kernels/cpu/boxes.h"
#include "rush/kernels/cpu/index_parts.h"
#include "rush/kernels/elementwise.h"
#include "rush/kernels/stride_runs.h"
#include "rush/tensor/layout.h"

namespace rush::kernels::cpu {

void bad_index(const char* op, int64_t index, int axis, int64_t size) {
  fail<IndexError>(op, ": index ", index, " is out of range for axis ", axis, " of size ", size);
}

namespace {

// Some dimensions of two operands, x and the other one, with neighbours merged.
struct Pair {
  Shape size;
  Strides x, other;

  void add(int64_t n, int64_t x_stride, int64_t other_stride) {
    if (n == 1) return;
    const int last = size.size() - 1;
    if (last >= 0 && x[last] == x_stride * n && other[last] == other_stride * n) {
      size[last] *= n;
      x[last] = x_stride;
      other[last] = other_stride;
      return;
    }
    size.push_back(n);
    x.push_back(x_stride);
    other.push_back(other_stride);
  }
  int64_t numel() const { return rush::numel(size); }
  // Offsets of element `i` in row-major order.
  void locate(int64_t i, int64_t* x_offset, int64_t* other_offset) const {
    for (int d = size.size() - 1; d >= 0; --d) {
      const int64_t at = d == 0 ? i : i % size[d];
      if (d > 0) i /= size[d];
      *x_offset += at * x[d];
      *other_offset += at * other[d];
    }
  }
};

// The rows of indices: turns them into element offsets into x. Negative indices count from the end.
struct Rows {
  const char* op;
  const View &x, &at;
  const Dims& axes;
  int64_t count = 1;
  Pair dims;  // of a row of `at`

  Rows(const char* name, const View& indexed, const View& indices, const Dims& indexed_axes)
      : op(name), x(indexed), at(indices), axes(indexed_axes) {
    for (int d = 1; d < at.shape.size(); ++d) {
      dims.add(at.shape[d], 0, at.strides[d]);
      count *= at.shape[d];
    }
  }

  // Writes the offsets of rows begin .. end-1, after checking them.
  void resolve(int64_t begin, int64_t end, int64_t* offsets) const {
    const int64_t* indices = at.as<const int64_t>();
    std::fill_n(offsets, end - begin, 0);
    for (int k = 0; k < axes.size(); ++k) {
      const int axis = static_cast<int>(axes[k]);
      const int64_t size = x.shape[axis], stride = x.strides[axis];
      for (int64_t i = begin; i < end; ++i) {
        int64_t unused = 0, from = k * at.strides[0];
        dims.locate(i, &unused, &from);
        const int64_t given = indices[from], index = given < 0 ? given + size : given;
        if (index < 0 || index >= size) bad_index(op, given, axis, size);
        offsets[i - begin] += index * stride;
      }
    }
  }
};

using Offsets = std::unique_ptr<int64_t[]>;

Offsets all_offsets(const Rows& rows) {
  auto offsets = std::make_unique_for_overwrite<int64_t[]>(static_cast<size_t>(rows.count));
  parallel_for(rows.count, grain_for(4), [&](int64_t begin, int64_t end) {
    rows.resolve(begin, end, offsets.get() + begin);
  });
  return offsets;
}

// A call taken apart: x is the indexed operand, `other` what is read into it or written from it.
struct Plan {
  Rows rows;
  Pair before, after;
  Pair row_dims;                                // of `other`; its x strides are 0
  int64_t run = 1, x_step = 1, other_step = 1;  // the innermost dimension of `after`

  int64_t row_offset(int64_t i) const {
    int64_t unused = 0, offset = 0;
    row_dims.locate(i, &unused, &offset);
    return offset;
  }
};

Plan plan_of(const char* op, const View& x, const View& at, const View& other, const Dims& axes) {
  Plan p{Rows(op, x, at, axes), {}, {}, {}};
  const int row_rank = at.shape.size() - 1;
  const int first = index_position(axes);
  const auto is_indexed = [&](int d) { return std::count(axes.begin(), axes.end(), d) > 0; };
  for (int j = 0; j < row_rank; ++j)
    p.row_dims.add(other.shape[first + j], 0, other.strides[first + j]);
  // Where the indexed axes are not neighbours, their rows come first, and all the rest is `after`.
  for (int d = 0, o = 0; d < x.shape.size(); ++d) {
    if (is_indexed(d)) continue;
    const int in_other = o < first ? o : o + row_rank;
    (o < first ? p.before : p.after).add(x.shape[d], x.strides[d], other.strides[in_other]);
    ++o;
  }
  if (!p.after.size.empty()) {
    p.run = p.after.size.back();
    p.x_step = p.after.x.back();
    p.other_step = p.after.other.back();
    for (Dims* d : {&p.after.size, &p.after.x, &p.after.other}) d->pop_back();
  }
  return p;
}

template <typename T>
void read_run(const Plan& p, const T* x, T* other) {
  if (p.x_step == 1 && p.other_step == 1) {
    std::copy_n(x, p.run, other);
  } else {
    for (int64_t j = 0; j < p.run; ++j) other[j * p.other_step] = x[j * p.x_step];
  }
}

// Rows begin .. end-1 of one sheet `before`, whose offsets start at `offsets`.
template <typename T>
void read_rows(const Plan& p, const int64_t* offsets, int64_t begin, int64_t end, const T* x,
               T* out) {
  const int64_t sheets = p.after.numel();
  if (sheets == 1 && p.run == 1 && p.row_dims.size.size() <= 1) {  // single elements
    const int64_t step = p.row_dims.size.empty() ? 0 : p.row_dims.other[0];
    for (int64_t row = begin; row < end; ++row) out[row * step] = x[offsets[row - begin]];
    return;
  }
  for (int64_t row = begin; row < end; ++row) {
    const T* from = x + offsets[row - begin];
    T* to = out + p.row_offset(row);
    for (int64_t s = 0; s < sheets; ++s) {
      int64_t x_sheet = 0, out_sheet = 0;
      p.after.locate(s, &x_sheet, &out_sheet);
      read_run(p, from + x_sheet, to + out_sheet);
    }
  }
}

template <typename T>
void read_slabs(const Plan& p, const T* x, T* out) {
  const int64_t rows = p.rows.count;
  const int64_t slab = std::max<int64_t>(p.after.numel() * p.run, 1);
  const int64_t grain = std::max<int64_t>(grain_for(2) / slab, 1);
  if (p.before.numel() == 1) {  // every row is used once: a few at a time, without a list of all
    parallel_for(rows, grain, [&](int64_t begin, int64_t end) {
      constexpr int64_t kBatch = 256;
      int64_t offsets[kBatch];
      for (int64_t row = begin; row < end; row += kBatch) {
        const int64_t last = std::min(row + kBatch, end);
        p.rows.resolve(row, last, offsets);
        read_rows(p, offsets, row, last, x, out);
      }
    });
    return;
  }
  const Offsets offsets = all_offsets(p.rows);
  parallel_for(p.before.numel() * rows, grain, [&](int64_t begin, int64_t end) {
    while (begin < end) {
      const int64_t row = begin % rows, count = std::min(rows - row, end - begin);
      int64_t x_before = 0, out_before = 0;
      p.before.locate(begin / rows, &x_before, &out_before);
      read_rows(p, offsets.get() + row, row, row + count, x + x_before, out + out_before);
      begin += count;
    }
  });
}

void index(const Call& c) {
  const View &x = c.in[0], &out = c.out[0];
  const Plan p = plan_of("index", x, c.in[1], out, c.attributes<IndexAttrs>().axes);
  if (out.numel() == 0) {
    all_offsets(p.rows);  // bad indices are refused even where nothing is read
    return;
  }
  by_width(size_of(x.dtype), [&]<typename T>() { read_slabs(p, x.as<const T>(), out.as<T>()); });
}

template <bool kAccumulate, typename T>
void write_run(T* x, int64_t x_step, const T* value, int64_t value_step, int64_t n) {
  const auto write = [=](int64_t by_x, int64_t by_value) {
    for (int64_t j = 0; j < n; ++j) {
      if constexpr (kAccumulate)
        x[j * by_x] = static_cast<T>(x[j * by_x] + value[j * by_value]);
      else
        x[j * by_x] = value[j * by_value];
    }
  };
  if (x_step == 1 && value_step == 1)
    write(1, 1);
  else
    write(x_step, value_step);
}

// Rows may name one element several times, so a thread takes a share of the slabs, never of the
// rows: every element sees its rows in order, however the slabs are cut.
template <bool kAccumulate, typename T>
void write_slabs(const Plan& p, const int64_t* offsets, T* x, const T* values) {
  const int64_t rows = p.rows.count, sheets = p.after.numel();
  const int64_t least_piece = 64;  // no two threads in one cache line
  const int64_t wanted = (2 * num_threads() - 1) / (p.before.numel() * sheets) + 1;
  const int64_t piece = std::max((p.run + wanted - 1) / wanted, least_piece);
  const int64_t pieces = (p.run + piece - 1) / piece;
  const int64_t share = std::max<int64_t>(rows * std::min(piece, p.run), 1);
  const auto write_share = [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      int64_t x_offset = 0, value_offset = 0;
      p.before.locate(i / pieces / sheets, &x_offset, &value_offset);
      p.after.locate(i / pieces % sheets, &x_offset, &value_offset);
      const int64_t from = i % pieces * piece, n = std::min(piece, p.run - from);
      for (int64_t row = 0; row < rows; ++row)
        write_run<kAccumulate>(x + x_offset + offsets[row] + from * p.x_step, p.x_step,
                               values + value_offset + p.row_offset(row) + from * p.other_step,
                               p.other_step, n);
    }
  };
  parallel_for(p.before.numel() * sheets * pieces, std::max<int64_t>(grain_for(2) / share, 1),
               write_share);
}

void put(const char* op, const View& x, const View& at, const View& values, const Dims& axes,
         bool accumulate) {
  const Plan p = plan_of(op, x, at, values, axes);
  const Offsets offsets = all_offsets(p.rows);  // checks all before anything is written
  if (values.numel() == 0) return;
  const int64_t* rows = offsets.get();
  if (accumulate) {
    dispatch(x.dtype,
             [&]<typename T>() { write_slabs<true>(p, rows, x.as<T>(), values.as<const T>()); });
  } else {
    by_width(size_of(x.dtype),
             [&]<typename T>() { write_slabs<false>(p, rows, x.as<T>(), values.as<const T>()); });
  }
}

void index_put(const Call& c) {
  copy_elements(c.out[0], c.in[0]);
  put("index_put", c.out[0], c.in[1], c.in[2], c.attributes<IndexAttrs>().axes, false);
}

void index_put_add(const Call& c) {
  copy_elements(c.out[0], c.in[0]);
  put("index_put_add", c.out[0], c.in[1], c.in[2], c.attributes<IndexAttrs>().axes, true);
}

void index_put_in_place(const Call& c) {
  const auto& a = c.attributes<IndexPutAttrs>();
  put("index_put_", c.in[0], c.in[1], c.in[2], a.axes, a.accumulate);
}

}  // namespace

void register_index(Table& t) {
  t.add("index").kernel = index;
  t.add("index_put").kernel = index_put;
  t.add("index_put_add").kernel = index_put_add;
  t.add("index_put_").kernel = index_put_in_place;
  add_gather(t);
  add_embedding(t);
  add_search(t);
}

}  // namespace rush::kernels::cpu
