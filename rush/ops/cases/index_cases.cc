// Indexing ops. Naive twins are written for the one shape each row uses.
#include <algorithm>
#include <cmath>

#include "rush/ops/cases/op_case.h"
#include "rush/ops/index.h"
#include "rush/ops/movement.h"
#include "rush/ops/reduce.h"

namespace rush::testing {

namespace {

Tensor copy_of(const Tensor& t) {
  return Tensor::copy_of(t.raw(), static_cast<size_t>(t.numel()), t.shape(), t.dtype());
}
Tensor zeros(const Shape& shape) {
  return Tensor::from(std::vector<double>(static_cast<size_t>(numel(shape))), shape);
}
double& at(const Tensor& t, int64_t i, int64_t j) { return t.data<double>()[i * t.size(1) + j]; }
int64_t id(const Tensor& t, int64_t i) { return t.data<int64_t>()[i]; }
int64_t id(const Tensor& t, int64_t i, int64_t j) { return t.data<int64_t>()[i * t.size(1) + j]; }
int64_t wrap(int64_t i, int64_t n) { return i < 0 ? i + n : i; }

In index_in(const Shape& shape, double low, double high) { return {shape, low, high, In::kIndex}; }

// Calls f(i, j) for all of a matrix.
template <typename F>
void for_each_cell(int64_t rows, int64_t columns, F&& f) {
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < columns; ++j) f(i, j);
}

OpCase base(const char* op, const char* label, std::vector<In> in, const char* torch) {
  OpCase c;
  c.op = op;
  c.label = label;
  c.in = std::move(in);
  c.torch = torch;
  c.elementwise_layouts = false;
  return c;
}

void add_index(CaseList& list) {
  OpCase c = base("index", "two axes, not neighbours",
                  {In{{3, 2, 4}}, index_in({3}, -3, 3), index_in({2, 1}, -4, 4)}, "x0[x1, :, x2]");
  c.run = [](const Tensors& in) { return Tensors{index(in[0], {in[1], Slice(), in[2]})}; };
  c.naive = [](const Tensors& in) {
    const Tensor y = zeros({2, 3, 2});
    for (int64_t i = 0; i < 2; ++i)
      for_each_cell(3, 2, [&](int64_t j, int64_t k) {
        y.data<double>()[(i * 3 + j) * 2 + k] =
            in[0].data<double>()[(wrap(id(in[1], j), 3) * 2 + k) * 4 + wrap(id(in[2], i), 4)];
      });
    return Tensors{y};
  };
  list.add(c);

  c = base("index", "one axis, repeated", {In{{2, 3, 2}}, index_in({5}, 0, 3)}, "x0[:, x1]");
  c.run = [](const Tensors& in) { return Tensors{index_select(in[0], 1, in[1])}; };
  c.naive = [](const Tensors& in) {
    const Tensor y = zeros({2, 5, 2});
    for (int64_t i = 0; i < 2; ++i)
      for_each_cell(5, 2, [&](int64_t j, int64_t k) {
        y.data<double>()[(i * 5 + j) * 2 + k] =
            in[0].data<double>()[(i * 3 + id(in[1], j)) * 2 + k];
      });
    return Tensors{y};
  };
  list.add(c);

  c = base("index", "take", {In{{2, 3}}, index_in({2, 2}, -6, 6)}, "x0.take(x1)");
  c.run = [](const Tensors& in) { return Tensors{take(in[0], in[1])}; };
  c.naive = [](const Tensors& in) {
    const Tensor y = zeros({2, 2});
    for (int64_t i = 0; i < 4; ++i)
      y.data<double>()[i] = in[0].data<double>()[wrap(id(in[1], i), 6)];
    return Tensors{y};
  };
  list.add(c);

  c = base("index", "mask", {In{{3, 4}}, In{{3, 4}, 0, 1, In::kBool}}, "x0[x1]");
  c.deferred = false;
  c.run = [](const Tensors& in) { return Tensors{masked_select(in[0], in[1])}; };
  c.naive = [](const Tensors& in) {
    std::vector<double> values;
    for (int64_t i = 0; i < 12; ++i)
      if (in[1].data<bool>()[i]) values.push_back(in[0].data<double>()[i]);
    return Tensors{Tensor::from(values)};
  };
  list.add(c);
}

void add_index_put(CaseList& list) {
  // Distinct rows: which of two writes to one element stays has no gradient worth checking.
  OpCase c = base("index_put", "", {In{{4, 3}}, index_in({1, 1}, -3, 3), In{{4, 1}}},
                  "x0.index_put((torch.arange(4)[:, None], x1), x2)");
  c.run = [](const Tensors& in) {
    const Tensor rows = Tensor::from(std::vector<int64_t>{0, 1, 2, 3}, {4, 1});
    return Tensors{index_put(in[0], {rows, in[1]}, in[2])};
  };
  c.naive = [](const Tensors& in) {
    const Tensor y = copy_of(in[0]);
    for (int64_t i = 0; i < 4; ++i) at(y, i, wrap(id(in[1], 0), 3)) = in[2].data<double>()[i];
    return Tensors{y};
  };
  list.add(c);

  c = base("index_put_add", "accumulate", {In{{3, 2}}, index_in({5}, 0, 3), In{{5, 2}}},
           "x0.index_put((x1,), x2, accumulate=True)");
  c.run = [](const Tensors& in) { return Tensors{index_put(in[0], {in[1]}, in[2], true)}; };
  c.naive = [](const Tensors& in) {
    const Tensor y = copy_of(in[0]);
    for_each_cell(5, 2, [&](int64_t i, int64_t j) { at(y, id(in[1], i), j) += at(in[2], i, j); });
    return Tensors{y};
  };
  list.add(c);
  c.label = "index add";
  c.torch = "x0.index_add(0, x1, x2)";
  c.run = [](const Tensors& in) { return Tensors{index_add(in[0], 0, in[1], in[2])}; };
  list.add(c);

  c = base("index_put_", "", {In{{3, 2}}, index_in({2}, 0, 3), In{{}}},
           "x0.clone().index_put_((x1,), x2)");
  c.gradient = false;
  c.deferred = false;
  c.run = [](const Tensors& in) {
    const Tensor y = in[0].clone();
    return Tensors{index_put_(y, {in[1]}, in[2])};
  };
  c.naive = [](const Tensors& in) {
    const Tensor y = copy_of(in[0]);
    for_each_cell(2, 2,
                  [&](int64_t i, int64_t j) { at(y, id(in[1], i), j) = in[2].data<double>()[0]; });
    return Tensors{y};
  };
  list.add(c);
}

void add_gather(CaseList& list) {
  OpCase c = base("gather", "last axis", {In{{3, 4}}, index_in({2, 6}, 0, 4)}, "x0.gather(1, x1)");
  c.run = [](const Tensors& in) { return Tensors{gather(in[0], -1, in[1])}; };
  c.naive = [](const Tensors& in) {
    const Tensor y = zeros({2, 6});
    for_each_cell(2, 6, [&](int64_t i, int64_t j) { at(y, i, j) = at(in[0], i, id(in[1], i, j)); });
    return Tensors{y};
  };
  list.add(c);

  c = base("gather", "first axis", {In{{3, 4}}, index_in({5, 2}, 0, 3)}, "x0.gather(0, x1)");
  c.run = [](const Tensors& in) { return Tensors{gather(in[0], 0, in[1])}; };
  c.naive = [](const Tensors& in) {
    const Tensor y = zeros({5, 2});
    for_each_cell(5, 2, [&](int64_t i, int64_t j) { at(y, i, j) = at(in[0], id(in[1], i, j), j); });
    return Tensors{y};
  };
  list.add(c);

  c = base("gather", "along, broadcast", {In{{3, 4}}, index_in({1, 2}, 0, 4)},
           "torch.take_along_dim(x0, x1, 1)");
  c.run = [](const Tensors& in) { return Tensors{take_along_dim(in[0], in[1], 1)}; };
  c.naive = [](const Tensors& in) {
    const Tensor y = zeros({3, 2});
    for_each_cell(3, 2, [&](int64_t i, int64_t j) { at(y, i, j) = at(in[0], i, id(in[1], j)); });
    return Tensors{y};
  };
  list.add(c);
}

void add_scatter(CaseList& list) {
  OpCase c = base("scatter", "", {In{{3, 4}}, index_in({3, 1}, 0, 4), In{{3, 2}}},
                  "x0.scatter(1, x1, x2[:, :1])");
  c.run = [](const Tensors& in) { return Tensors{scatter(in[0], 1, in[1], in[2])}; };
  c.naive = [](const Tensors& in) {
    const Tensor y = copy_of(in[0]);
    for (int64_t i = 0; i < 3; ++i) at(y, i, id(in[1], i, 0)) = at(in[2], i, 0);
    return Tensors{y};
  };
  list.add(c);

  c = base("scatter_add", "", {In{{3, 4}}, index_in({5, 3}, 0, 3), In{{6, 3}}},
           "x0.scatter_add(0, x1, x2[:5])");
  c.run = [](const Tensors& in) { return Tensors{scatter_add(in[0], 0, in[1], in[2])}; };
  c.naive = [](const Tensors& in) {
    const Tensor y = copy_of(in[0]);
    for_each_cell(5, 3,
                  [&](int64_t i, int64_t j) { at(y, id(in[1], i, j), j) += at(in[2], i, j); });
    return Tensors{y};
  };
  list.add(c);
}

// In integer runs every value is whole, and means round down.
bool are_whole(const Tensors& in) {
  for (const size_t k : {0, 2})
    for (int64_t i = 0; i < in[k].numel(); ++i)
      if (in[k].data<double>()[i] != std::floor(in[k].data<double>()[i])) return false;
  return true;
}

double combined(const std::string& reduce, const std::vector<double>& v) {
  double y = v[0];
  for (size_t i = 1; i < v.size(); ++i) {
    if (reduce == "prod") y *= v[i];
    if (reduce == "sum" || reduce == "mean") y += v[i];
    if (reduce == "amax") y = std::max(y, v[i]);
    if (reduce == "amin") y = std::min(y, v[i]);
  }
  return reduce == "mean" ? y / static_cast<double>(v.size()) : y;
}

void add_scatter_reduce(CaseList& list) {
  for (const std::string reduce : {"sum", "prod", "mean", "amax", "amin"}) {
    for (const bool include_self : {true, false}) {
      const std::string label = reduce + (include_self ? "" : " without self");
      const std::string torch = "x0.scatter_reduce(1, x1, x2, '" + reduce +
                                "', include_self=" + (include_self ? "True)" : "False)");
      OpCase c = base("scatter_reduce", label.c_str(),
                      {In{{2, 3}, -2, 2, In::kDistinct}, index_in({2, 4}, 0, 3),
                       In{{2, 4}, -2.2, 2.2, In::kDistinct}},
                      torch.c_str());
      c.run = [=](const Tensors& in) {
        return Tensors{scatter_reduce(in[0], 1, in[1], in[2], reduce, include_self)};
      };
      c.naive = [=](const Tensors& in) {
        const Tensor y = copy_of(in[0]);
        for_each_cell(2, 3, [&](int64_t i, int64_t j) {
          std::vector<double> values;
          if (include_self) values.push_back(at(in[0], i, j));
          for (int64_t k = 0; k < 4; ++k)
            if (id(in[1], i, k) == j) values.push_back(at(in[2], i, k));
          if (values.empty()) return;
          const double value = combined(reduce, values);
          at(y, i, j) = are_whole(in) ? std::floor(value) : value;
        });
        return Tensors{y};
      };
      list.add(c);
    }
  }
}

void add_embedding(CaseList& list) {
  OpCase c = base("embedding", "", {In{{5, 3}}, index_in({2, 4}, 0, 5)}, "F.embedding(x1, x0)");
  c.run = [](const Tensors& in) { return Tensors{embedding(in[0], in[1])}; };
  c.naive = [](const Tensors& in) {
    const Tensor y = zeros({2, 4, 3});
    for_each_cell(8, 3, [&](int64_t i, int64_t j) {
      y.data<double>()[i * 3 + j] = at(in[0], id(in[1], i), j);
    });
    return Tensors{y};
  };
  list.add(c);

  c = base("embedding_grad", "", {In{{6, 2}}, index_in({6}, 0, 4)}, "");
  c.no_torch = "PyTorch has it as a gradient only";
  c.run = [](const Tensors& in) { return Tensors{embedding_grad(in[0], in[1], 4, 1)}; };
  c.naive = [](const Tensors& in) {
    const Tensor y = zeros({4, 2});
    for_each_cell(6, 2, [&](int64_t i, int64_t j) {
      if (id(in[1], i) != 1) at(y, id(in[1], i), j) += at(in[0], i, j);
    });
    return Tensors{y};
  };
  list.add(c);

  c = base("one_hot", "", {index_in({2, 3}, 0, 4)}, "F.one_hot(x0, 5)");
  c.run = [](const Tensors& in) { return Tensors{one_hot(in[0], 5)}; };
  c.naive = [](const Tensors& in) {
    const Tensor y = zeros({6, 5});
    for (int64_t i = 0; i < 6; ++i) at(y, i, id(in[0], i)) = 1;
    return Tensors{Tensor::copy_of(y.raw(), 30, {2, 3, 5}, float64)};
  };
  list.add(c);
}

void add_search(CaseList& list) {
  OpCase c = base("nonzero", "", {In{{3, 4}, -1, 1, In::kInteger}}, "x0.nonzero()");
  c.deferred = false;
  c.run = [](const Tensors& in) { return Tensors{nonzero(in[0])}; };
  c.naive = [](const Tensors& in) {
    std::vector<int64_t> found;
    for_each_cell(3, 4, [&](int64_t i, int64_t j) {
      if (at(in[0], i, j) != 0) found.insert(found.end(), {i, j});
    });
    return Tensors{Tensor::from(found, {static_cast<int64_t>(found.size()) / 2, 2})};
  };
  list.add(c);

  for (const bool right : {false, true}) {
    c = base("searchsorted", right ? "right" : "left", {In{{4, 3}, -1, 3, In::kInteger}},
             right ? "torch.searchsorted(torch.tensor([0, 1, 1, 2]).to(x0.dtype), x0, right=True)"
                   : "torch.searchsorted(torch.tensor([0, 1, 1, 2]).to(x0.dtype), x0)");
    c.run = [=](const Tensors& in) {
      const Tensor sorted = Tensor::from(std::vector<int64_t>{0, 1, 1, 2}).to(in[0].dtype());
      return Tensors{searchsorted(sorted, in[0], right)};
    };
    c.naive = [=](const Tensors& in) {
      const Tensor y = zeros({4, 3});
      const std::vector<double> sorted{0, 1, 1, 2};
      for (int64_t i = 0; i < 12; ++i) {
        const double v = in[0].data<double>()[i];
        const auto place = right ? std::upper_bound(sorted.begin(), sorted.end(), v)
                                 : std::lower_bound(sorted.begin(), sorted.end(), v);
        y.data<double>()[i] = static_cast<double>(place - sorted.begin());
      }
      return Tensors{y};
    };
    list.add(c);
  }
}

}  // namespace

void add_index_cases(CaseList& list) {
  add_index(list);
  add_index_put(list);
  add_gather(list);
  add_scatter(list);
  add_scatter_reduce(list);
  add_embedding(list);
  add_search(list);
}

}  // namespace rush::testing
