#include "digit_image.h"

#include <algorithm>
#include <cmath>

#include "digit_net.h"

namespace rush::app {
namespace {

constexpr double kBox = 20;      // MNIST's digits fit into 20 x 20
constexpr float kFaint = 0.15f;  // what counts as paper, not ink

struct Grey {
  int64_t h, w;
  std::vector<float> v;
  float at(int64_t y, int64_t x) const { return v[static_cast<size_t>(y * w + x)]; }
};

// Luminance, what is transparent shown on white.
Grey to_grey(const Tensor& picture) {
  const int64_t channels = picture.size(0), pixels = picture.size(1) * picture.size(2);
  const uint8_t* p = picture.data<uint8_t>();
  Grey grey{picture.size(1), picture.size(2), std::vector<float>(static_cast<size_t>(pixels))};
  for (int64_t i = 0; i < pixels; ++i) {
    const float value =
        channels >= 3 ? 0.299f * p[i] + 0.587f * p[pixels + i] + 0.114f * p[2 * pixels + i] : p[i];
    const float alpha = channels % 2 == 0 ? p[(channels - 1) * pixels + i] / 255.0f : 1.0f;
    grey.v[static_cast<size_t>(i)] = (value * alpha + 255.0f * (1 - alpha)) / 255.0f;
  }
  return grey;
}

// The median of the border is the paper's colour.
float background(const Grey& grey) {
  std::vector<float> border;
  for (int64_t x = 0; x < grey.w; ++x) {
    border.push_back(grey.at(0, x));
    border.push_back(grey.at(grey.h - 1, x));
  }
  for (int64_t y = 0; y < grey.h; ++y) {
    border.push_back(grey.at(y, 0));
    border.push_back(grey.at(y, grey.w - 1));
  }
  const auto middle = border.begin() + static_cast<std::ptrdiff_t>(border.size() / 2);
  std::nth_element(border.begin(), middle, border.end());
  return *middle;
}

void check_contrast(float strongest) {
  constexpr float kLeastContrast = 0.1f;
  if (strongest < kLeastContrast) fail("predict: the picture shows no digit: all is one colour");
}

// Paper to 0, the strongest ink to 1.
void stretch(Grey& grey) {
  const float paper = background(grey);
  const bool is_light = paper > 0.5f;
  float strongest = 0;
  for (float& v : grey.v) {
    v = std::max(0.0f, is_light ? paper - v : v - paper);
    strongest = std::max(strongest, v);
  }
  check_contrast(strongest);
  for (float& v : grey.v) v = v / strongest < kFaint ? 0 : v / strongest;
}

struct Box {
  int64_t top, left, bottom, right;  // the last two are behind the end
};

Box ink_box(const Grey& grey) {
  Box box{grey.h, grey.w, 0, 0};
  for (int64_t y = 0; y < grey.h; ++y)
    for (int64_t x = 0; x < grey.w; ++x) {
      if (grey.at(y, x) == 0) continue;
      box = {std::min(box.top, y), std::min(box.left, x), std::max(box.bottom, y + 1),
             std::max(box.right, x + 1)};
    }
  return box;
}

// The mean over the rectangle [y0, y1) x [x0, x1), pixels counted by the part inside.
float mean_over(const Grey& grey, double y0, double y1, double x0, double x1) {
  double sum = 0;
  const auto last = [](double end, int64_t size) {
    return std::min(static_cast<int64_t>(std::ceil(end)), size);
  };
  for (auto y = std::max<int64_t>(0, static_cast<int64_t>(std::floor(y0))); y < last(y1, grey.h);
       ++y)
    for (auto x = std::max<int64_t>(0, static_cast<int64_t>(std::floor(x0))); x < last(x1, grey.w);
         ++x) {
      const double high =
          std::min(y1, static_cast<double>(y + 1)) - std::max(y0, static_cast<double>(y));
      const double wide =
          std::min(x1, static_cast<double>(x + 1)) - std::max(x0, static_cast<double>(x));
      sum += grey.at(y, x) * high * wide;
    }
  return static_cast<float>(sum / ((y1 - y0) * (x1 - x0)));
}

// The centre of mass inside the box, in the picture's pixels.
std::pair<double, double> centre(const Grey& grey, const Box& box) {
  double sum = 0, sy = 0, sx = 0;
  for (int64_t y = box.top; y < box.bottom; ++y)
    for (int64_t x = box.left; x < box.right; ++x) {
      sum += grey.at(y, x);
      sy += grey.at(y, x) * (static_cast<double>(y) + 0.5);
      sx += grey.at(y, x) * (static_cast<double>(x) + 0.5);
    }
  return {sy / sum, sx / sum};
}

}  // namespace

Tensor digit_from_picture(const Tensor& picture) {
  Grey grey = to_grey(picture);
  const bool is_mnist_like = grey.h == kSide && grey.w == kSide && background(grey) < 0.1f;
  Tensor out = Tensor::empty({1, 1, kSide, kSide}, DType::kFloat32);
  float* to = out.data<float>();
  if (is_mnist_like) {
    check_contrast(*std::max_element(grey.v.begin(), grey.v.end()));
    std::copy(grey.v.begin(), grey.v.end(), to);
    return out;
  }
  stretch(grey);
  const Box box = ink_box(grey);
  const double longest = static_cast<double>(std::max(box.bottom - box.top, box.right - box.left));
  const double scale = longest / kBox;  // source pixels for one of the result
  const auto [cy, cx] = centre(grey, box);
  for (int64_t y = 0; y < kSide; ++y)
    for (int64_t x = 0; x < kSide; ++x) {
      const double y0 = cy + static_cast<double>(y - kSide / 2) * scale;
      const double x0 = cx + static_cast<double>(x - kSide / 2) * scale;
      *to++ = mean_over(grey, y0, y0 + scale, x0, x0 + scale);
    }
  return out;
}

io::GreyPicture picture_of(const Tensor& images, int64_t index) {
  io::GreyPicture picture{kSide, kSide, std::vector<float>(kSide * kSide)};
  for (int64_t i = 0; i < kSide * kSide; ++i) {
    const int64_t at = index * kSide * kSide + i;
    picture.values[static_cast<size_t>(i)] = images.dtype() == DType::kUInt8
                                                 ? images.data<uint8_t>()[at] / 255.0f
                                                 : images.data<float>()[at];
  }
  return picture;
}

}  // namespace rush::app
