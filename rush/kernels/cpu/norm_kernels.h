// What the source files of normalisations share.
#pragma once

#include "rush/kernels/copy.h"
#include "rush/kernels/cpu/scratch.h"
#include "rush/kernels/kernel.h"
#include "rush/tensor/layout.h"

namespace rush::kernels::cpu {

// [N, C, ...] in memory: channels in planes, or innermost.
struct PlaneLayout {
  int64_t images, channels, plane;
  bool channels_last;
};

// An input in the strides of `like`: itself, or a copy. A missing one stays missing.
class DenseInput {
 public:
  DenseInput(const View& v, const View& like)
      : copy_(fits(v, like) ? 0 : v.numel() * static_cast<int64_t>(size_of(v.dtype))),
        data_(v.data) {
    if (fits(v, like)) return;
    View to = like;
    to.dtype = v.dtype;
    to.data = copy_.data();
    copy_elements(to, v);
    data_ = copy_.data();
  }
  const void* data() const { return data_; }

 private:
  static bool fits(const View& v, const View& like) {
    return v.data == nullptr || v.strides == like.strides || v.numel() == 0;
  }

  Scratch<char> copy_;
  const void* data_;
};

// An output that is contiguous or channels-last: itself, or a contiguous stand-in that finish()
// copies to its place.
class DenseOutput {
 public:
  explicit DenseOutput(const View& out)
      : out_(out),
        view_(out),
        fits_(out.is_contiguous() || is_channels_last(out.shape, out.strides)),
        memory_(fits_ ? 0 : out.numel() * static_cast<int64_t>(size_of(out.dtype))) {
    if (fits_) return;
    view_.data = memory_.data();
    view_.strides = contiguous_strides(out.shape);
  }
  const View& view() const { return view_; }
  void* data() const { return view_.data; }
  void finish() const {
    if (!fits_ && out_.numel() > 0) copy_elements(out_, view_);
  }

 private:
  const View& out_;
  View view_;
  bool fits_;
  Scratch<char> memory_;
};

void register_batch_norm(Table&);

}  // namespace rush::kernels::cpu
