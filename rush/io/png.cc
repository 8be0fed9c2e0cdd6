#include "rush/io/png.h"

#include <png.h>

#include <vector>

#include "rush/base/file.h"

namespace rush::io {
namespace {

constexpr uint64_t kMostValues = 1 << 28, kLongestFile = 1 << 30;

// libpng's simplified interface, which reports errors by value instead of longjmp. It is freed
// however the scope is left.
struct Image : png_image {
  Image() : png_image{} { version = PNG_IMAGE_VERSION; }
  ~Image() { png_image_free(this); }
};

int channels_of(const png_image& image) {
  return (image.format & PNG_FORMAT_FLAG_COLOR ? 3 : 1) +
         (image.format & PNG_FORMAT_FLAG_ALPHA ? 1 : 0);
}

// [H, W, C] to [C, H, W], or back.
void transpose(uint8_t* to, const uint8_t* from, int64_t channels, int64_t pixels, bool to_planes) {
  for (int64_t c = 0; c < channels; ++c)
    for (int64_t i = 0; i < pixels; ++i) {
      const int64_t plane = c * pixels + i, packed = i * channels + c;
      if (to_planes)
        to[plane] = from[packed];
      else
        to[packed] = from[plane];
    }
}

}  // namespace

Tensor load_png(const std::string& path) {
  const std::string content = read_file("png", path, kLongestFile);
  const auto bad = [&](const char* what) { fail<IoError>("png: ", path, ": ", what); };
  Image image;
  if (!png_image_begin_read_from_memory(&image, content.data(), content.size())) bad(image.message);
  image.format &= PNG_FORMAT_FLAG_COLOR | PNG_FORMAT_FLAG_ALPHA;  // 8 bits, no palette
  const int64_t channels = channels_of(image), h = image.height, w = image.width;
  if (static_cast<uint64_t>(h) * static_cast<uint64_t>(w) > kMostValues / channels)
    fail<IoError>("png: ", path, ": is too large: ", w, " x ", h, " pixels");
  std::vector<uint8_t> packed(static_cast<size_t>(channels * h * w));
  if (!png_image_finish_read(&image, nullptr, packed.data(), 0, nullptr)) bad(image.message);
  const Tensor picture = Tensor::empty({channels, h, w}, DType::kUInt8);
  transpose(picture.data<uint8_t>(), packed.data(), channels, h * w, true);
  return picture;
}

void save_png(const std::string& path, const Tensor& picture) {
  const Tensor in = picture.detach().contiguous();
  const Shape& s = in.shape();
  const bool fits = s.size() == 3 && s[0] >= 1 && s[0] <= 4 && s[1] > 0 && s[2] > 0 &&
                    static_cast<uint64_t>(in.numel()) <= kMostValues;
  if (!fits) fail<ShapeError>("png: a picture must be [C, H, W] with C in 1 to 4, got ", s);
  std::vector<uint8_t> packed(static_cast<size_t>(in.numel()));
  transpose(packed.data(), in.data<uint8_t>(), s[0], s[1] * s[2], false);
  Image image;
  image.width = static_cast<png_uint_32>(s[2]);
  image.height = static_cast<png_uint_32>(s[1]);
  image.format =
      (s[0] >= 3 ? PNG_FORMAT_FLAG_COLOR : 0) | (s[0] % 2 == 0 ? PNG_FORMAT_FLAG_ALPHA : 0);
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
  std::string out(size, '\0');
  if (!png_image_write_to_memory(&image, out.data(), &size, 0, packed.data(), 0, nullptr))
    fail<IoError>("png: ", path, ": ", image.message);
  out.resize(size);
  write_file("png", path, out);
}

}  // namespace rush::io
