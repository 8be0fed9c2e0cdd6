#include "rush/data/idx.h"

#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "rush/base/file.h"

namespace rush::data {
namespace {

// deflate cannot shrink data more than this, so a header that promises more is false.
constexpr uint64_t kDeflateLimit = 1032;

// The bytes of a file in order, inflated where the file is gzipped.
class ByteSource {
 public:
  explicit ByteSource(const std::string& path)
      : path_(path), content_(read_file("idx", path, UINT32_MAX)) {
    if (content_.size() < 2 || content_[0] != '\x1f' || content_[1] != '\x8b') return;
    stream_.emplace();
    const int kGzipOnly = 16 + MAX_WBITS;
    if (inflateInit2(&*stream_, kGzipOnly) != Z_OK) {
      stream_.reset();
      bad("cannot start to inflate");
    }
    stream_->next_in = reinterpret_cast<Bytef*>(content_.data());
    stream_->avail_in = static_cast<uInt>(std::min<size_t>(content_.size(), UINT32_MAX));
  }
  ~ByteSource() {
    if (stream_) inflateEnd(&*stream_);
  }
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;

  // The most bytes that can still come.
  uint64_t most_left() const {
    return stream_ ? stream_->avail_in * kDeflateLimit + kDeflateLimit : content_.size() - at_;
  }

  void read(void* out, uint64_t n, const char* what) {
    auto* to = static_cast<char*>(out);
    const uint64_t got = stream_ ? inflate_into(to, n) : copy_into(to, n);
    if (got < n)
      bad(std::string("is cut off: ") + what + " should have " + std::to_string(n) +
          " bytes, found " + std::to_string(got));
  }

  // Checks that nothing follows, and the checksum at the end of gzipped data.
  void expect_end() {
    char more;
    if ((stream_ ? inflate_into(&more, 1) : copy_into(&more, 1)) != 0)
      bad("has bytes after its last element");
    if (!stream_) return;
    if (!ended_) bad("is cut off: the gzip data has no end");
    if (stream_->avail_in != 0) bad("has bytes after the end of the gzip data");
  }

  [[noreturn]] void bad(const std::string& what) const {
    fail<IoError>("idx: ", path_, ": ", what);
  }

 private:
  uint64_t copy_into(char* to, uint64_t n) {
    const uint64_t got = std::min<uint64_t>(n, content_.size() - at_);
    std::memcpy(to, content_.data() + at_, got);
    at_ += got;
    return got;
  }

  uint64_t inflate_into(char* to, uint64_t n) {
    uint64_t got = 0;
    while (got < n && !ended_) {
      const auto room = static_cast<uInt>(std::min<uint64_t>(n - got, 1u << 30));
      stream_->next_out = reinterpret_cast<Bytef*>(to + got);
      stream_->avail_out = room;
      const int status = inflate(&*stream_, Z_NO_FLUSH);
      got += room - stream_->avail_out;
      ended_ = status == Z_STREAM_END;
      if (status == Z_BUF_ERROR) break;  // the input has ended
      if (status != Z_OK && !ended_)
        bad(std::string("is damaged gzip data: ") + (stream_->msg ? stream_->msg : "no reason"));
    }
    return got;
  }

  std::string path_, content_;
  uint64_t at_ = 0;
  std::optional<z_stream> stream_;
  bool ended_ = false;
};

DType type_of_code(uint8_t code, const ByteSource& source) {
  switch (code) {
    case 0x08:
      return DType::kUInt8;
    case 0x09:
      return DType::kInt8;
    case 0x0B:
      return DType::kInt16;
    case 0x0C:
      return DType::kInt32;
    case 0x0D:
      return DType::kFloat32;
    case 0x0E:
      return DType::kFloat64;
  }
  source.bad("element type " + std::to_string(code) + " is none of 8, 9, 11, 12, 13, 14");
}

Shape read_shape(ByteSource& source, int rank, size_t item_size) {
  Shape shape;
  uint64_t bytes = item_size;
  for (int i = 0; i < rank; ++i) {
    uint8_t size[4];
    source.read(size, 4, "a size in the header");
    shape.push_back(int64_t{size[0]} << 24 | size[1] << 16 | size[2] << 8 | size[3]);
    if (__builtin_mul_overflow(bytes, static_cast<uint64_t>(shape.back()), &bytes))
      source.bad("sizes " + to_text(shape) + " overflow");
  }
  if (bytes > source.most_left())
    source.bad("is cut off: sizes " + to_text(shape) + " need " + std::to_string(bytes) +
               " bytes, more than the file can hold");
  return shape;
}

void swap_bytes(char* data, int64_t count, size_t item_size) {
  for (int64_t i = 0; i < count; ++i)
    std::reverse(data + i * item_size, data + (i + 1) * item_size);
}

}  // namespace

Tensor read_idx(const std::string& path) {
  ByteSource source(path);
  uint8_t magic[4];
  source.read(magic, 4, "the header");
  if (magic[0] != 0 || magic[1] != 0) source.bad("is not an IDX file: it should begin with 0, 0");
  const int rank = magic[3];
  if (rank < 1 || rank > 8) source.bad("rank " + std::to_string(rank) + " is not in 1 to 8");
  const DType dtype = type_of_code(magic[2], source);
  const Shape shape = read_shape(source, rank, size_of(dtype));
  Tensor t = Tensor::empty(shape, dtype);
  source.read(t.raw(), static_cast<uint64_t>(t.numel()) * size_of(dtype), "the data");
  source.expect_end();
  if (size_of(dtype) > 1 && std::endian::native == std::endian::little)
    swap_bytes(static_cast<char*>(t.raw()), t.numel(), size_of(dtype));
  return t;
}

}  // namespace rush::data
