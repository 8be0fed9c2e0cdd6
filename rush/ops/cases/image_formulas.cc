// Sliding blocks and resampling.
#include "rush/ops/cases/formula.h"
#include "rush/ops/image.h"

namespace rush::testing {
namespace {

const char kCol[] = "im2col(x, kernel; dilation, padding, stride)";
const char kColDoc[] = "The blocks a convolution sees, as columns (F.unfold).";
const char kFold[] = "fold(columns, output_size, kernel; dilation, padding, stride)";
const char kFoldDoc[] = "Columns of blocks added back into an image.";

void add_blocks(CaseList& list) {
  add_formulas(
      list,
      {{kCol,
        kColDoc,
        "",
        {{{2, 2, 4, 5}}},
        one([](const Tensors& x) {
          return im2col(x[0], {2, 3});
        }),
        "F.unfold(x0, (2, 3))"},
       {kCol,
        kColDoc,
        "all options",
        {{{1, 2, 5, 4}}},
        one([](const Tensors& x) {
          return im2col(x[0], 2, {.dilation = {2, 1}, .padding = {1, 0}, .stride = {2, 1}});
        }),
        "F.unfold(x0, 2, dilation=(2, 1), padding=(1, 0), stride=(2, 1))"},
       {kFold,
        kFoldDoc,
        "",
        {{{2, 8, 6}}},
        one([](const Tensors& x) {
          return fold(x[0], {3, 4}, 2);
        }),
        "F.fold(x0, (3, 4), 2)"},
       {kFold,
        kFoldDoc,
        "all options",
        {{{1, 8, 4}}},
        one([](const Tensors& x) {
          return fold(x[0], {4, 3}, 2, {.dilation = {2, 1}, .padding = {1, 0}, .stride = {2, 1}});
        }),
        "F.fold(x0, (4, 3), 2, dilation=(2, 1), padding=(1, 0), stride=(2, 1))"}});
}

void add_resize(CaseList& list, const char* label, const Shape& shape,
                const InterpolateOptions& options, const std::string& torch) {
  add_formulas(list, {{"interpolate(x; size or scale_factor, mode, align_corners, antialias)",
                       "x resized along its axes of space.",
                       label,
                       {{shape}},
                       one([options](const Tensors& x) { return interpolate(x[0], options); }),
                       ("F.interpolate(x0, " + torch + ")").c_str(),
                       true,
                       true,
                       10}});
}

void add_resizes(CaseList& list) {
  add_resize(list, "nearest", {2, 1, 3}, {.size = {7}}, "size=7");
  add_resize(list, "nearest, factors", {1, 2, 3, 4}, {.scale_factor = {2, 0.6}},
             "scale_factor=(2, 0.6)");
  add_resize(list, "nearest-exact", {1, 2, 3, 5}, {.size = {5, 3}, .mode = "nearest-exact"},
             "size=(5, 3), mode='nearest-exact'");
  add_resize(list, "linear", {2, 1, 4}, {.size = {7}, .mode = "linear"}, "size=7, mode='linear'");
  add_resize(list, "bilinear", {1, 2, 3, 4}, {.size = {5, 2}, .mode = "bilinear"},
             "size=(5, 2), mode='bilinear'");
  add_resize(list, "bilinear, corners", {1, 1, 3, 4},
             {.size = {5, 1}, .mode = "bilinear", .align_corners = true},
             "size=(5, 1), mode='bilinear', align_corners=True");
  add_resize(list, "bilinear, factor", {1, 1, 3, 4}, {.scale_factor = {1.7}, .mode = "bilinear"},
             "scale_factor=1.7, mode='bilinear'");
  add_resize(list, "bilinear, factor recomputed", {1, 1, 3, 4},
             {.scale_factor = {1.7}, .mode = "bilinear", .recompute_scale_factor = true},
             "scale_factor=1.7, mode='bilinear', recompute_scale_factor=True");
  add_resize(list, "bilinear, antialias", {1, 1, 7, 6},
             {.size = {3, 8}, .mode = "bilinear", .antialias = true},
             "size=(3, 8), mode='bilinear', antialias=True");
  add_resize(list, "bicubic", {1, 1, 4, 5}, {.size = {7, 3}, .mode = "bicubic"},
             "size=(7, 3), mode='bicubic'");
  add_resize(list, "bicubic, corners", {1, 1, 4, 3},
             {.size = {6, 5}, .mode = "bicubic", .align_corners = true},
             "size=(6, 5), mode='bicubic', align_corners=True");
  add_resize(list, "bicubic, antialias", {1, 1, 7, 6},
             {.size = {3, 8}, .mode = "bicubic", .antialias = true},
             "size=(3, 8), mode='bicubic', antialias=True");
  add_resize(list, "trilinear", {1, 1, 2, 3, 4}, {.size = {3, 2, 5}, .mode = "trilinear"},
             "size=(3, 2, 5), mode='trilinear'");
  add_resize(list, "area", {1, 2, 4, 5}, {.size = {2, 3}, .mode = "area"},
             "size=(2, 3), mode='area'");
}

void add_samples(CaseList& list) {
  struct Way {
    const char *mode, *padding;
    bool align;
  };
  for (const Way& w : {Way{"bilinear", "zeros", false}, Way{"bilinear", "border", true},
                       Way{"bilinear", "reflection", false}, Way{"bilinear", "reflection", true},
                       Way{"nearest", "zeros", true}, Way{"nearest", "border", false},
                       Way{"nearest", "reflection", false}, Way{"bicubic", "zeros", false},
                       Way{"bicubic", "border", true}, Way{"bicubic", "reflection", false}}) {
    const std::string label = std::string(w.mode) + ", " + w.padding + (w.align ? ", corners" : "");
    const std::string torch = std::string("F.grid_sample(x0, x1, mode='") + w.mode +
                              "', padding_mode='" + w.padding +
                              "', align_corners=" + (w.align ? "True)" : "False)");
    add_formulas(list, {{"grid_sample(x, grid; mode, padding_mode, align_corners)",
                         "x at the places of a grid.",
                         label.c_str(),
                         {{{2, 2, 3, 4}}, {{2, 2, 3, 2}, -1.4, 1.4, In::kDistinct}},
                         one([w](const Tensors& x) {
                           return grid_sample(x[0], x[1], {w.mode, w.padding, w.align});
                         }),
                         torch.c_str(),
                         true,
                         std::string(w.mode) == "bilinear",
                         20}});
  }
  add_formulas(list, {{"grid_sample(x, grid; mode, padding_mode, align_corners)",
                       "x at the places of a grid.",
                       "three axes",
                       {{{1, 2, 2, 3, 3}}, {{1, 2, 2, 1, 3}, -1.2, 1.2, In::kDistinct}},
                       one([](const Tensors& x) { return grid_sample(x[0], x[1]); }),
                       "F.grid_sample(x0, x1, align_corners=False)",
                       true,
                       true,
                       20},
                      {"affine_grid(theta, size, align_corners)",
                       "The grid of an affine map.",
                       "",
                       {{{2, 2, 3}}},
                       one([](const Tensors& x) {
                         return affine_grid(x[0], {2, 1, 3, 4});
                       }),
                       "F.affine_grid(x0, (2, 1, 3, 4), align_corners=False)"},
                      {"affine_grid(theta, size, align_corners)",
                       "The grid of an affine map.",
                       "three axes, corners",
                       {{{1, 3, 4}}},
                       one([](const Tensors& x) {
                         return affine_grid(x[0], {1, 1, 2, 3, 2}, true);
                       }),
                       "F.affine_grid(x0, (1, 1, 2, 3, 2), align_corners=True)"}});
}

}  // namespace

void add_image_formulas(CaseList& list) {
  add_blocks(list);
  add_resizes(list);
  add_samples(list);
}

}  // namespace rush::testing
