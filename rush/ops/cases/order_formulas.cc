// Functions that follow from the sorted order, and which values there are.
#include "rush/ops/cases/formula.h"
#include "rush/ops/search.h"
#include "rush/ops/sort.h"

namespace rush::testing {
namespace {

In distinct(const Shape& shape) { return {shape, -20, 20, In::kDistinct}; }
In few(const Shape& shape) { return {shape, -2, 2, In::kInteger}; }

Tensors both(const ValuesIndices& v) { return {v.values, v.indices}; }

const char kKth[] = "kthvalue(x, k, axis=-1, keepdim)";
const char kMode[] = "mode(x, axis=-1, keepdim)";
const char kNanmedian[] = "nanmedian(x, axis, keepdim)";
const char kQuantile[] = "quantile(x, q; axis, keepdim, interpolation)";
const char kNanquantile[] = "nanquantile(x, q; axis, keepdim, interpolation)";
const char kQuantileDoc[] = "What the share q of the elements is below.";

void add_order(CaseList& list) {
  add_formulas(list, {{"msort(x)",
                       "Sorted along the first axis.",
                       "",
                       {distinct({4, 3})},
                       one([](const Tensors& x) { return msort(x[0]); }),
                       "torch.msort(x0)"},
                      {kKth,
                       "The k-th smallest element along an axis, and its index.",
                       "",
                       {distinct({3, 7})},
                       [](const Tensors& x) { return both(kthvalue(x[0], 3)); },
                       "torch.kthvalue(x0, 3)"},
                      {kKth,
                       "The k-th smallest element along an axis, and its index.",
                       "first axis",
                       {distinct({5, 2})},
                       [](const Tensors& x) { return both(kthvalue(x[0], 5, 0, true)); },
                       "torch.kthvalue(x0, 5, dim=0, keepdim=True)"},
                      {kMode,
                       "The commonest element along an axis, and the index of the last such.",
                       "",
                       {few({4, 9})},
                       [](const Tensors& x) { return both(mode(x[0])); },
                       "torch.mode(x0)",
                       false,
                       false,
                       1,
                       true,
                       true},
                      {kMode,
                       "The commonest element along an axis, and the index of the last such.",
                       "first axis",
                       {few({7, 3})},
                       [](const Tensors& x) { return both(mode(x[0], 0, true)); },
                       "torch.mode(x0, 0, True)",
                       false,
                       false,
                       1,
                       true,
                       true},
                      {kNanmedian,
                       "The middle of the elements that are not NaN, and its index.",
                       "",
                       {distinct({3, 6})},
                       [](const Tensors& x) { return both(nanmedian(x[0], 1)); },
                       "torch.nanmedian(x0, 1)"},
                      {kNanmedian,
                       "The middle of the elements that are not NaN, and its index.",
                       "NaN",
                       {{{3, 18}, -1, 1, In::kSpecial}},
                       one([](const Tensors& x) { return nanmedian(x[0], 1).values; }),
                       "torch.nanmedian(x0, 1).values",
                       false}});
}

void add_quantiles(CaseList& list) {
  struct Way {
    Between between;
    const char *label, *torch;
  };
  const Way ways[] = {
      {Between::kLinear, "linear", "torch.quantile(x0, 0.3, dim=1)"},
      {Between::kLower, "lower", "torch.quantile(x0, 0.3, dim=1, interpolation='lower')"},
      {Between::kHigher, "higher", "torch.quantile(x0, 0.3, dim=1, interpolation='higher')"},
      {Between::kMidpoint, "midpoint", "torch.quantile(x0, 0.3, dim=1, interpolation='midpoint')"},
      {Between::kNearest, "nearest", "torch.quantile(x0, 0.3, dim=1, interpolation='nearest')"}};
  for (const Way& way : ways) {
    const Between between = way.between;
    add_formulas(list, {{kQuantile,
                         kQuantileDoc,
                         way.label,
                         {distinct({3, 7})},
                         one([=](const Tensors& x) {
                           return quantile(x[0], 0.3, {.axis = 1, .interpolation = between});
                         }),
                         way.torch}});
  }
  add_formulas(
      list, {{kQuantile,
              kQuantileDoc,
              "several, kept",
              {distinct({3, 5})},
              one([](const Tensors& x) {
                return quantile(x[0], {0, 0.25, 1}, {.axis = 0, .keepdim = true});
              }),
              "torch.quantile(x0, torch.tensor([0, 0.25, 1]).to(x0.dtype), dim=0, keepdim=True)"},
             {kQuantile,
              kQuantileDoc,
              "all",
              {distinct({2, 5})},
              one([](const Tensors& x) { return quantile(x[0], 0.6); }),
              "torch.quantile(x0, 0.6)"},
             {kQuantile,
              kQuantileDoc,
              "NaN",
              {{{2, 18}, -1, 1, In::kSpecial}},
              one([](const Tensors& x) { return quantile(x[0], 0.5, {.axis = 1}); }),
              "torch.quantile(x0, 0.5, dim=1)",
              false},
             {kNanquantile,
              "quantile of the elements that are not NaN.",
              "NaN",
              {{{3, 18}, -1, 1, In::kSpecial}},
              one([](const Tensors& x) {
                return nanquantile(x[0], {0.2, 0.5}, {.axis = 1, .interpolation = Between::kLower});
              }),
              "torch.nanquantile(x0, torch.tensor([0.2, 0.5]).to(x0.dtype), dim=1, "
              "interpolation='lower')",
              false}});
}

Tensors all_of(const Unique& u) { return {u.values, u.inverse, u.counts}; }

const char kUnique[] = "unique(x, axis)";
const char kConsecutive[] = "unique_consecutive(x, axis)";
const char kUniqueDoc[] =
    "The different elements (or entries along an axis), where each of x is among them, and how "
    "often it is there.";
const char kConsecutiveDoc[] = "The same of neighbours only.";

void add_unique(CaseList& list) {
  constexpr bool kNo = false;
  add_formulas(list,
               {{kUnique,
                 kUniqueDoc,
                 "",
                 {few({3, 5})},
                 [](const Tensors& x) { return all_of(unique(x[0])); },
                 "torch.unique(x0, return_inverse=True, return_counts=True)",
                 kNo,
                 kNo,
                 1,
                 kNo,
                 true},
                {kUnique,
                 kUniqueDoc,
                 "rows",
                 {{{7, 2}, 0, 1, In::kInteger}},
                 [](const Tensors& x) { return all_of(unique(x[0], 0)); },
                 "torch.unique(x0, return_inverse=True, return_counts=True, dim=0)",
                 kNo,
                 kNo,
                 1,
                 kNo,
                 true},
                {kUnique,
                 kUniqueDoc,
                 "columns",
                 {{{2, 2, 6}, 0, 1, In::kInteger}},
                 [](const Tensors& x) { return all_of(unique(x[0], -1)); },
                 "torch.unique(x0, return_inverse=True, return_counts=True, dim=-1)",
                 kNo,
                 kNo,
                 1,
                 kNo,
                 true},
                {kConsecutive,
                 kConsecutiveDoc,
                 "",
                 {{{11}, 0, 1, In::kInteger}},
                 [](const Tensors& x) { return all_of(unique_consecutive(x[0])); },
                 "torch.unique_consecutive(x0, return_inverse=True, return_counts=True)",
                 kNo,
                 kNo,
                 1,
                 kNo,
                 true},
                {kConsecutive,
                 kConsecutiveDoc,
                 "rows",
                 {{{9, 1}, 0, 1, In::kInteger}},
                 [](const Tensors& x) { return all_of(unique_consecutive(x[0], 0)); },
                 "torch.unique_consecutive(x0, return_inverse=True, return_counts=True, dim=0)",
                 kNo,
                 kNo,
                 1,
                 kNo,
                 true}});
}

void add_histograms(CaseList& list) {
  constexpr bool kNo = false;
  add_formulas(list,
               {{"isin(x, among, invert)",
                 "Whether each element is among those of another tensor.",
                 "",
                 {few({3, 4}), few({3})},
                 one([](const Tensors& x) { return isin(x[0], x[1]); }),
                 "torch.isin(x0, x1)",
                 kNo,
                 kNo,
                 1,
                 true,
                 true},
                {"isin(x, among, invert)",
                 "Whether each element is among those of another tensor.",
                 "inverted",
                 {few({7}), few({2, 2})},
                 one([](const Tensors& x) { return isin(x[0], x[1], true); }),
                 "torch.isin(x0, x1, invert=True)",
                 kNo,
                 kNo,
                 1,
                 true,
                 true},
                {"histc(x, bins, min, max)",
                 "How many elements lie in each of equal parts of a range.",
                 "",
                 {{{40}}},
                 one([](const Tensors& x) { return histc(x[0], 6, -1, 1.5); }),
                 "torch.histc(x0, 6, -1, 1.5)",
                 kNo},
                {"histc(x, bins, min, max)",
                 "How many elements lie in each of equal parts of a range.",
                 "range of x",
                 {{{4, 9}}},
                 one([](const Tensors& x) { return histc(x[0], 5); }),
                 "torch.histc(x0, 5)",
                 kNo},
                {"histogram(x, bins; range, weight, density)",
                 "How much of x lies between neighbouring edges, and the edges.",
                 "",
                 {{{30}}, {{30}, 0, 2}},
                 [](const Tensors& x) {
                   const Histogram h = histogram(x[0], 4, {.range = {{-1, 2}}, .weight = x[1]});
                   return Tensors{h.hist, h.bin_edges};
                 },
                 "torch.histogram(x0, 4, range=(-1, 2), weight=x1)",
                 kNo},
                {"histogram(x, edges, weight, density)",
                 "How much of x lies between neighbouring edges, and the edges.",
                 "edges, density",
                 {{{5, 6}}},
                 [](const Tensors& x) {
                   const Histogram h = histogram(
                       x[0], Tensor::from(std::vector<double>{-2, -1, 0.5, 1}).to(x[0].dtype()), {},
                       true);
                   return Tensors{h.hist, h.bin_edges};
                 },
                 "torch.histogram(x0, torch.tensor([-2, -1, 0.5, 1]).to(x0.dtype), density=True)",
                 kNo}});
}

}  // namespace

void add_order_formulas(CaseList& list) {
  add_order(list);
  add_quantiles(list);
  add_unique(list);
  add_histograms(list);
}

}  // namespace rush::testing
