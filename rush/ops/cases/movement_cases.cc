// Movement ops. Their naive twins say, for each element of the result, where it comes from.
#include <algorithm>

#include "rush/core/apply.h"
#include "rush/ops/cases/op_case.h"
#include "rush/ops/movement.h"
#include "rush/ops/strided.h"

namespace rush::testing {

namespace {

using Naive = std::function<Tensors(const Tensors&)>;
// Fills `from` with the coordinates in input 0; false: the element is zero.
using Source = std::function<bool(const Dims& at, Dims& from)>;

int64_t offset_of(const Shape& shape, const Dims& at) {
  int64_t offset = 0;
  for (int d = 0; d < shape.size(); ++d) offset = offset * shape[d] + at[d];
  return offset;
}

// Calls f(coordinates, number) for every element in row-major order.
template <typename F>
void for_each_element(const Shape& shape, F&& f) {
  Dims at = Dims::filled(shape.size(), 0);
  for (int64_t i = 0, n = numel(shape); i < n; ++i) {
    f(at, i);
    for (int d = shape.size() - 1; d >= 0 && ++at[d] == shape[d]; --d) at[d] = 0;
  }
}

Naive moved(const Shape& shape, Source source, double elsewhere = 0) {
  return [=](const Tensors& in) {
    const Tensor y = Tensor::empty(shape, float64);
    for_each_element(shape, [&](const Dims& at, int64_t i) {
      Dims from = at;
      const bool exists = source(at, from);
      y.data<double>()[i] =
          exists ? in[0].data<double>()[offset_of(in[0].shape(), from)] : elsewhere;
    });
    return Tensors{y};
  };
}

// The reverse: every element of input 0 is added where `target` says.
Naive added(const Shape& shape, Source target) {
  return [=](const Tensors& in) {
    const Tensor y = Tensor::from(std::vector<double>(static_cast<size_t>(numel(shape))), shape);
    for_each_element(in[0].shape(), [&](const Dims& at, int64_t i) {
      Dims to = Dims::filled(shape.size(), 0);
      if (target(at, to)) y.data<double>()[offset_of(shape, to)] += in[0].data<double>()[i];
    });
    return Tensors{y};
  };
}

Naive same_order(const Shape& shape) {
  return [=](const Tensors& in) {
    return Tensors{
        Tensor::copy_of(in[0].raw(), static_cast<size_t>(in[0].numel()), shape, float64)};
  };
}

OpCase one_input(const char* op, const char* label, const Shape& x,
                 std::function<Tensor(const Tensor&)> run, Naive naive, const char* torch) {
  OpCase c;
  c.op = op;
  c.label = label;
  c.in = {In{x}};
  c.run = [run](const Tensors& in) { return Tensors{run(in[0])}; };
  c.naive = std::move(naive);
  c.torch = torch;
  if (c.torch.empty()) c.no_torch = "PyTorch has it as a gradient only";
  return c;
}

void add_shape_views(CaseList& list) {
  const auto add = [&](auto&&... a) { list.add(one_input(a...)); };
  add(
      "reshape", "", Shape{2, 3, 4},
      [](const Tensor& x) {
        return reshape(x, {4, -1});
      },
      same_order({4, 6}), "x0.reshape(4, -1)");
  add(
      "reshape", "to 0-d", Shape{1, 1}, [](const Tensor& x) { return reshape(x, {}); },
      same_order({}), "x0.reshape(())");
  add(
      "reshape", "flatten", Shape{2, 3, 4}, [](const Tensor& x) { return flatten(x, 1); },
      same_order({2, 12}), "x0.flatten(1)");
  add(
      "reshape", "unflatten", Shape{2, 6},
      [](const Tensor& x) {
        return unflatten(x, 1, {-1, 2});
      },
      same_order({2, 3, 2}), "x0.unflatten(1, (-1, 2))");
  add(
      "squeeze", "all", Shape{1, 3, 1, 2}, [](const Tensor& x) { return squeeze(x); },
      same_order({3, 2}), "x0.squeeze()");
  add(
      "squeeze", "some", Shape{1, 3, 1},
      [](const Tensor& x) {
        return squeeze(x, {-1, 1});
      },
      same_order({1, 3}), "x0.squeeze((-1, 1))");
  add(
      "unsqueeze", "", Shape{2, 3}, [](const Tensor& x) { return unsqueeze(x, -2); },
      same_order({2, 1, 3}), "x0.unsqueeze(-2)");
  add(
      "expand", "", Shape{3, 1},
      [](const Tensor& x) {
        return expand(x, {2, -1, 4});
      },
      moved({2, 3, 4},
            [](const Dims& at, Dims& from) {
              return from = {at[1], 0}, true;
            }),
      "x0.expand(2, -1, 4)");
  add(
      "permute", "", Shape{2, 3, 4},
      [](const Tensor& x) {
        return permute(x, {2, 0, -2});
      },
      moved({4, 2, 3},
            [](const Dims& at, Dims& from) {
              return from = {at[1], at[2], at[0]}, true;
            }),
      "x0.permute(2, 0, -2)");
  add(
      "permute", "movedim", Shape{2, 3, 4}, [](const Tensor& x) { return movedim(x, 0, -1); },
      moved({3, 4, 2},
            [](const Dims& at, Dims& from) {
              return from = {at[2], at[0], at[1]}, true;
            }),
      "x0.movedim(0, -1)");
  add(
      "transpose", "", Shape{2, 3, 4}, [](const Tensor& x) { return transpose(x, 0, -1); },
      moved({4, 3, 2},
            [](const Dims& at, Dims& from) {
              return from = {at[2], at[1], at[0]}, true;
            }),
      "x0.transpose(0, -1)");
  add(
      "transpose", "t", Shape{2, 3}, [](const Tensor& x) { return t(x); },
      moved({3, 2},
            [](const Dims& at, Dims& from) {
              return from = {at[1], at[0]}, true;
            }),
      "x0.t()");
}

void add_part_views(CaseList& list) {
  const auto add = [&](auto&&... a) { list.add(one_input(a...)); };
  add(
      "slice", "step", Shape{2, 7, 3}, [](const Tensor& x) { return slice(x, 1, 1, -1, 2); },
      moved({2, 3, 3}, [](const Dims& at, Dims& from) { return from[1] = 1 + 2 * at[1], true; }),
      "x0[:, 1:-1:2]");
  add(
      "slice", "narrow", Shape{5, 2}, [](const Tensor& x) { return narrow(x, 0, -3, 2); },
      moved({2, 2}, [](const Dims& at, Dims& from) { return from[0] = at[0] + 2, true; }),
      "x0.narrow(0, -3, 2)");
  add(
      "select", "", Shape{2, 3, 4}, [](const Tensor& x) { return select(x, 1, -1); },
      moved({2, 4},
            [](const Dims& at, Dims& from) {
              return from = {at[0], 2, at[1]}, true;
            }),
      "x0.select(1, -1)");
  add(
      "diagonal", "above", Shape{3, 2, 5}, [](const Tensor& x) { return diagonal(x, 1, 0, 2); },
      moved({2, 3},
            [](const Dims& at, Dims& from) {
              return from = {at[1], at[0], at[1] + 1}, true;
            }),
      "x0.diagonal(1, 0, 2)");
  add(
      "diagonal", "below", Shape{4, 3}, [](const Tensor& x) { return diagonal(x, -2); },
      moved({2},
            [](const Dims& at, Dims& from) {
              return from = {at[0] + 2, at[0]}, true;
            }),
      "x0.diagonal(-2)");
  add(
      "unfold", "overlapping", Shape{2, 7}, [](const Tensor& x) { return unfold(x, 1, 3, 2); },
      moved({2, 3, 3},
            [](const Dims& at, Dims& from) {
              return from = {at[0], 2 * at[1] + at[2]}, true;
            }),
      "x0.unfold(1, 3, 2)");
}

void add_reverses(CaseList& list) {
  const auto add = [&](auto&&... a) { list.add(one_input(a...)); };
  add(
      "slice_grad", "dense", Shape{2, 3},
      [](const Tensor& x) {
        return slice_grad(x, {4, 3}, {1, 0}, {1, 1});
      },
      added({4, 3},
            [](const Dims& at, Dims& to) {
              return to = {at[0] + 1, at[1]}, true;
            }),
      "");
  add(
      "slice_grad", "step", Shape{2, 3},
      [](const Tensor& x) {
        return slice_grad(x, {3, 8}, {1, 2}, {1, 2});
      },
      added({3, 8},
            [](const Dims& at, Dims& to) {
              return to = {at[0] + 1, 2 * at[1] + 2}, true;
            }),
      "");
  add(
      "diagonal_grad", "", Shape{2, 3},
      [](const Tensor& x) {
        return diagonal_grad(x, {3, 2, 5}, 1, 0, 2);
      },
      added({3, 2, 5},
            [](const Dims& at, Dims& to) {
              return to = {at[1], at[0], at[1] + 1}, true;
            }),
      "");
  add(
      "diagonal_grad", "diag embed", Shape{2, 3},
      [](const Tensor& x) { return diag_embed(x, -1, 0, -1); },
      added({4, 2, 4},
            [](const Dims& at, Dims& to) {
              return to = {at[1] + 1, at[0], at[1]}, true;
            }),
      "torch.diag_embed(x0, -1, 0, -1)");
  add(
      "unfold_grad", "", Shape{2, 3, 3},
      [](const Tensor& x) {
        return unfold_grad(x, {2, 7}, 1, 3, 2);
      },
      added({2, 7},
            [](const Dims& at, Dims& to) {
              return to = {at[0], 2 * at[1] + at[2]}, true;
            }),
      "");

  OpCase put;
  put.op = "slice_put";
  put.in = {In{{4, 5}}, In{{2, 3}}};
  put.run = [](const Tensors& in) { return Tensors{slice_put(in[0], in[1], {1, 0}, {2, 2})}; };
  put.naive = [](const Tensors& in) {
    const Tensor y = Tensor::copy_of(in[0].raw(), 20, {4, 5}, float64);
    for (int64_t i = 0; i < 2; ++i)
      for (int64_t j = 0; j < 3; ++j)
        y.data<double>()[(1 + 2 * i) * 5 + 2 * j] = in[1].data<double>()[i * 3 + j];
    return Tensors{y};
  };
  put.torch = "torch.slice_scatter(x0, torch.slice_scatter(x0[1::2], x1, 1, 0, 5, 2), 0, 1, 4, 2)";
  list.add(put);
}

// Windows of 3 that overlap by one: element (i, j) is number 1 + 2 i + j of a tensor of 2 x 5.
Dims window_place(const Dims& at) {
  const int64_t place = 1 + 2 * at[0] + at[1];
  return {place / 5, place % 5};
}

void add_strided(CaseList& list) {
  const auto add = [&](auto&&... a) { list.add(one_input(a...)); };
  add(
      "as_strided", "overlapping", Shape{2, 5},
      [](const Tensor& x) {
        return as_strided(x, {4, 3}, {2, 1}, 1);
      },
      moved({4, 3}, [](const Dims& at, Dims& from) { return from = window_place(at), true; }),
      "x0.contiguous().as_strided((4, 3), (2, 1), 1)");
  add(
      "as_strided_grad", "overlapping", Shape{4, 3},
      [](const Tensor& x) {
        return as_strided_grad(x, {2, 5}, {2, 1}, 1);
      },
      added({2, 5}, [](const Dims& at, Dims& to) { return to = window_place(at), true; }), "");
  add(
      "as_strided_grad", "transposed", Shape{5, 2},
      [](const Tensor& x) {
        return as_strided_grad(x, {2, 5}, {1, 5}, 0);
      },
      added({2, 5},
            [](const Dims& at, Dims& to) {
              return to = {at[1], at[0]}, true;
            }),
      "");
  OpCase put;
  put.op = "as_strided_scatter";
  put.in = {In{{4, 5}}, In{{2, 3}}};
  put.run = [](const Tensors& in) { return Tensors{as_strided_scatter(in[0], in[1], {1, 6}, 2)}; };
  put.naive = [](const Tensors& in) {
    const Tensor y = Tensor::copy_of(in[0].raw(), 20, {4, 5}, float64);
    for (int64_t i = 0; i < 2; ++i)
      for (int64_t j = 0; j < 3; ++j)
        y.data<double>()[2 + i + 6 * j] = in[1].data<double>()[i * 3 + j];
    return Tensors{y};
  };
  put.torch = "torch.as_strided_scatter(x0.contiguous(), x1, (2, 3), (1, 6), 2)";
  list.add(put);
}

void add_joins(CaseList& list) {
  OpCase cat_case;
  cat_case.op = "cat";
  cat_case.label = "three";
  cat_case.in = {In{{2, 3}}, In{{2, 1}}, In{{2, 4}}};
  cat_case.run = [](const Tensors& in) { return Tensors{cat(in, -1)}; };
  cat_case.naive = [](const Tensors& in) {
    std::vector<double> values;
    for (int64_t row = 0; row < 2; ++row)
      for (const Tensor& x : in)
        for (int64_t j = 0; j < x.size(1); ++j)
          values.push_back(x.data<double>()[row * x.size(1) + j]);
    return Tensors{Tensor::from(values, {2, 8})};
  };
  cat_case.torch = "torch.cat((x0, x1, x2), -1)";
  list.add(cat_case);

  OpCase stack_case;
  stack_case.op = "cat";
  stack_case.label = "stack";
  stack_case.in = {In{{2, 2}}, In{{2, 2}}};
  stack_case.run = [](const Tensors& in) { return Tensors{stack(in, 1)}; };
  stack_case.naive = [](const Tensors& in) {
    const double *a = in[0].data<double>(), *b = in[1].data<double>();
    return Tensors{Tensor::from(std::vector<double>{a[0], a[1], b[0], b[1], a[2], a[3], b[2], b[3]},
                                {2, 2, 2})};
  };
  stack_case.torch = "torch.stack((x0, x1), 1)";
  list.add(stack_case);

  list.add(one_input(
      "cat", "roll", {3, 4},
      [](const Tensor& x) {
        return roll(x, {1, -6}, {0, 1});
      },
      moved({3, 4},
            [](const Dims& at, Dims& from) {
              return from = {(at[0] + 2) % 3, (at[1] + 2) % 4}, true;
            }),
      "torch.roll(x0, (1, -6), (0, 1))"));
}

// The coordinate that element `i` of a padded axis shows.
int64_t reflected(int64_t i, int64_t n) { return i < 0 ? -i : i >= n ? 2 * (n - 1) - i : i; }

void add_pads(CaseList& list) {
  const auto add = [&](auto&&... a) { list.add(one_input(a...)); };
  add(
      "constant_pad", "", Shape{2, 3},
      [](const Tensor& x) {
        return pad(x, {1, 2, 0, 1}, "constant", 1);
      },
      moved(
          {3, 6},
          [](const Dims& at, Dims& from) {
            from = {at[0], at[1] - 1};
            return at[0] < 2 && at[1] >= 1 && at[1] < 4;
          },
          1.0),
      "F.pad(x0, (1, 2, 0, 1), 'constant', 1)");
  add(
      "constant_pad", "cutting", Shape{4, 3},
      [](const Tensor& x) {
        return pad(x, {-1, 1, 2, -3});
      },
      moved({3, 3},
            [](const Dims& at, Dims& from) {
              from = {at[0] - 2, at[1] + 1};
              return at[0] >= 2 && at[1] < 2;
            }),
      "F.pad(x0, (-1, 1, 2, -3))");
  add(
      "cat", "pad reflect", Shape{2, 3, 4},
      [](const Tensor& x) {
        return pad(x, {2, 3, 1, 0}, "reflect");
      },
      moved({2, 4, 9},
            [](const Dims& at, Dims& from) {
              return from = {at[0], reflected(at[1] - 1, 3), reflected(at[2] - 2, 4)}, true;
            }),
      "F.pad(x0, (2, 3, 1, 0), 'reflect')");
  add(
      "cat", "pad replicate", Shape{2, 3, 4},
      [](const Tensor& x) {
        return pad(x, {5, 1, 0, 2}, "replicate");
      },
      moved({2, 5, 10},
            [](const Dims& at, Dims& from) {
              return from = {at[0], std::min<int64_t>(at[1], 2),
                             std::clamp<int64_t>(at[2] - 5, 0, 3)},
                     true;
            }),
      "F.pad(x0, (5, 1, 0, 2), 'replicate')");
  add(
      "cat", "pad circular", Shape{2, 3, 4},
      [](const Tensor& x) {
        return pad(x, {4, 1, 2, 0}, "circular");
      },
      moved({2, 5, 9},
            [](const Dims& at, Dims& from) {
              return from = {at[0], (at[1] + 1) % 3, at[2] % 4}, true;
            }),
      "F.pad(x0, (4, 1, 2, 0), 'circular')");
}

void add_rearranged(CaseList& list) {
  const auto add = [&](auto&&... a) { list.add(one_input(a...)); };
  add(
      "flip", "", Shape{2, 3, 4},
      [](const Tensor& x) {
        return flip(x, {0, -1});
      },
      moved({2, 3, 4},
            [](const Dims& at, Dims& from) {
              return from = {1 - at[0], at[1], 3 - at[2]}, true;
            }),
      "x0.flip((0, -1))");
  add(
      "flip", "rot90", Shape{2, 3}, [](const Tensor& x) { return rot90(x); },
      moved({3, 2},
            [](const Dims& at, Dims& from) {
              return from = {at[1], 2 - at[0]}, true;
            }),
      "torch.rot90(x0)");
  add(
      "tril", "", Shape{2, 3, 4}, [](const Tensor& x) { return tril(x, 1); },
      moved({2, 3, 4}, [](const Dims& at, Dims&) { return at[2] <= at[1] + 1; }), "x0.tril(1)");
  add(
      "triu", "", Shape{2, 4, 3}, [](const Tensor& x) { return triu(x, -1); },
      moved({2, 4, 3}, [](const Dims& at, Dims&) { return at[2] >= at[1] - 1; }), "x0.triu(-1)");
  add(
      "reshape", "repeat", Shape{2, 3},
      [](const Tensor& x) {
        return repeat(x, {2, 3, 2});
      },
      moved({2, 6, 6},
            [](const Dims& at, Dims& from) {
              return from = {at[1] % 2, at[2] % 3}, true;
            }),
      "x0.repeat(2, 3, 2)");
  add(
      "reshape", "repeat interleave", Shape{2, 3},
      [](const Tensor& x) { return repeat_interleave(x, 2, 1); },
      moved({2, 6},
            [](const Dims& at, Dims& from) {
              return from = {at[0], at[1] / 2}, true;
            }),
      "x0.repeat_interleave(2, 1)");
  add(
      "reshape", "pixel shuffle", Shape{1, 8, 2, 3},
      [](const Tensor& x) { return pixel_shuffle(x, 2); },
      moved({1, 2, 4, 6},
            [](const Dims& at, Dims& from) {
              return from = {0, at[1] * 4 + at[2] % 2 * 2 + at[3] % 2, at[2] / 2, at[3] / 2}, true;
            }),
      "F.pixel_shuffle(x0, 2)");
  add(
      "reshape", "pixel unshuffle", Shape{1, 2, 4, 6},
      [](const Tensor& x) { return pixel_unshuffle(x, 2); },
      moved({1, 8, 2, 3},
            [](const Dims& at, Dims& from) {
              return from = {0, at[1] / 4, at[2] * 2 + at[1] / 2 % 2, at[3] * 2 + at[1] % 2}, true;
            }),
      "F.pixel_unshuffle(x0, 2)");
}

// What gradients and graphs put between a tensor and itself.
void add_identities(CaseList& list) {
  const auto itself = [](const Tensors& in) { return Tensors{in[0]}; };
  OpCase alias;
  alias.op = "alias";
  alias.in = {In{{3, 4}}};
  alias.run = [](const Tensors& in) { return Tensors{apply(*find_op("alias"), {in[0]})}; };
  alias.naive = itself;
  alias.torch = "torch.ops.aten.alias(x0)";
  list.add(alias);

  OpCase detach;
  detach.op = "detach";
  detach.in = {In{{3, 4}}};
  detach.run = [](const Tensors& in) { return Tensors{in[0].detach()}; };
  detach.naive = itself;
  detach.torch = "x0.detach()";
  list.add(detach);
}

}  // namespace

void add_movement_cases(CaseList& list) {
  add_shape_views(list);
  add_part_views(list);
  add_reverses(list);
  add_strided(list);
  add_joins(list);
  add_pads(list);
  add_rearranged(list);
  add_identities(list);
}

}  // namespace rush::testing
