#include "rush/io/zip.h"

#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <set>

#include "rush/base/error.h"

namespace rush::io {
namespace {

constexpr uint32_t kLocal = 0x04034b50, kCentral = 0x02014b50, kEnd = 0x06054b50;
constexpr size_t kLocalSize = 30, kCentralSize = 46, kEndSize = 22;
constexpr uint32_t kIn64Bits = 0xffffffff;
constexpr uint16_t kExtra64 = 1, kStored = 0, kDeflated = 8, kEncryptedFlag = 1;
constexpr uint64_t kDeflateLimit = 1032;  // deflate cannot shrink data more than this

// Little-endian numbers at checked places.
class Reader {
 public:
  Reader(const std::string& where, std::string_view bytes) : where_(where), bytes_(bytes) {}
  uint64_t number(uint64_t at, int width) const {
    const std::string_view field = part(at, static_cast<uint64_t>(width));
    uint64_t v = 0;
    for (int i = width - 1; i >= 0; --i) v = v << 8 | static_cast<uint8_t>(field[i]);
    return v;
  }
  std::string_view part(uint64_t at, uint64_t n) const {
    if (at > bytes_.size() || n > bytes_.size() - at) bad("is cut off or altered");
    return bytes_.substr(at, n);
  }
  uint64_t size() const { return bytes_.size(); }
  [[noreturn]] void bad(const std::string& what) const { fail<IoError>(where_, what); }

 private:
  const std::string& where_;
  std::string_view bytes_;
};

struct Entry {
  std::string name;
  uint64_t method, crc, packed, size, local;
};

// Where the central directory's end record is: it may be followed by a comment.
uint64_t find_end(const Reader& r) {
  if (r.size() < kEndSize) r.bad("is too short to be a zip archive");
  const uint64_t last = r.size() - kEndSize, kLongestComment = 0xffff;
  for (uint64_t back = 0; back <= std::min(last, kLongestComment); ++back)
    if (r.number(last - back, 4) == kEnd && r.number(last - back + 20, 2) == back)
      return last - back;
  r.bad("is not a zip archive, or it is cut off");
}

// Sizes that do not fit 32 bits stand in an extra field, in this order.
void read_extra64(const Reader& r, uint64_t at, uint64_t length, Entry& e) {
  const uint64_t end = at + length;
  while (at + 4 <= end) {
    const uint64_t id = r.number(at, 2), size = r.number(at + 2, 2);
    uint64_t field = at + 4;
    at = field + size;
    if (id != kExtra64) continue;
    for (uint64_t* value : {&e.size, &e.packed, &e.local}) {
      if (*value != kIn64Bits) continue;
      if (field + 8 > at) r.bad("has a 64-bit field that is too short");
      *value = r.number(field, 8);
      field += 8;
    }
  }
}

// Reads the central directory's entry at *at and moves *at behind it.
Entry read_central(const Reader& r, uint64_t* at) {
  if (r.number(*at, 4) != kCentral) r.bad("has a damaged directory");
  if (r.number(*at + 8, 2) & kEncryptedFlag) r.bad("is encrypted");
  const uint64_t name = r.number(*at + 28, 2), extra = r.number(*at + 30, 2);
  Entry e{std::string(r.part(*at + kCentralSize, name)),
          r.number(*at + 10, 2),
          r.number(*at + 16, 4),
          r.number(*at + 20, 4),
          r.number(*at + 24, 4),
          r.number(*at + 42, 4)};
  read_extra64(r, *at + kCentralSize + name, extra, e);
  *at += kCentralSize + name + extra + r.number(*at + 32, 2);
  return e;
}

std::string inflate_raw(const Reader& r, const Entry& e, std::string_view packed) {
  if (e.size > packed.size() * kDeflateLimit + kDeflateLimit)
    r.bad(e.name + " would grow more than deflate allows");
  if (packed.size() >= kIn64Bits || e.size >= kIn64Bits) r.bad(e.name + " is too large");
  std::string out(e.size, '\0');
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) r.bad("cannot start to inflate");
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int status = inflate(&stream, Z_FINISH);
  const bool whole = status == Z_STREAM_END && stream.total_out == e.size && stream.avail_in == 0;
  inflateEnd(&stream);
  if (!whole) r.bad(e.name + " is damaged");
  return out;
}

std::string read_content(const Reader& r, const Entry& e) {
  if (r.number(e.local, 4) != kLocal) r.bad(e.name + " is not where the directory says");
  const uint64_t start =
      e.local + kLocalSize + r.number(e.local + 26, 2) + r.number(e.local + 28, 2);
  const std::string_view packed = r.part(start, e.packed);
  std::string content;
  if (e.method == kStored && e.packed == e.size)
    content = packed;
  else if (e.method == kDeflated)
    content = inflate_raw(r, e, packed);
  else
    r.bad(e.name + " is packed in a way that is not known (" + std::to_string(e.method) + ")");
  const auto* bytes = reinterpret_cast<const Bytef*>(content.data());
  if (crc32_z(0, bytes, content.size()) != e.crc) r.bad(e.name + " is damaged: wrong checksum");
  return content;
}

void put(std::string& out, uint64_t value, int width) {
  for (int i = 0; i < width; ++i) out += static_cast<char>(value >> (8 * i) & 255);
}

std::string deflate_raw(const std::string& content) {
  z_stream stream{};
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) !=
      Z_OK)
    fail("zip: cannot start to deflate");
  std::string out(deflateBound(&stream, content.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
  stream.avail_in = static_cast<uInt>(content.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int status = deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  if (status != Z_STREAM_END) fail("zip: deflate failed");
  return out;
}

// The fields that local and central headers share.
void put_common(std::string& out, const Entry& e) {
  const uint16_t kVersion = 20, kUtf8Flag = 1 << 11, kFirstOf1980 = 0x21;
  put(out, kVersion, 2);
  put(out, kUtf8Flag, 2);
  put(out, e.method, 2);
  put(out, 0, 2);
  put(out, kFirstOf1980, 2);
  put(out, e.crc, 4);
  put(out, e.packed, 4);
  put(out, e.size, 4);
  put(out, e.name.size(), 2);
  put(out, 0, 2);
}

}  // namespace

ZipEntries read_zip(const std::string& where, std::string_view archive) {
  const Reader r(where, archive);
  const uint64_t end = find_end(r);
  const uint64_t count = r.number(end + 10, 2);
  uint64_t at = r.number(end + 16, 4);
  ZipEntries entries;
  std::set<std::string> names;
  uint64_t packed = 0;
  for (uint64_t i = 0; i < count; ++i) {
    const Entry e = read_central(r, &at);
    if (!names.insert(e.name).second) r.bad("has the entry " + e.name + " twice");
    // Entries that share bytes would let a small file claim any amount of memory.
    if (e.packed > r.size() - packed) r.bad("has entries that overlap");
    packed += e.packed;
    entries.emplace_back(e.name, read_content(r, e));
  }
  return entries;
}

std::string write_zip(const ZipEntries& entries, bool compress) {
  std::string out, directory;
  for (const auto& [name, content] : entries) {
    const std::string packed = compress ? deflate_raw(content) : content;
    const auto* bytes = reinterpret_cast<const Bytef*>(content.data());
    const Entry e{name,
                  compress ? kDeflated : kStored,
                  crc32_z(0, bytes, content.size()),
                  packed.size(),
                  content.size(),
                  out.size()};
    if (content.size() >= kIn64Bits || out.size() + packed.size() >= kIn64Bits ||
        name.size() > 0xffff)
      fail("zip: ", name, " does not fit into an archive of less than 4 GiB; use safetensors");
    put(out, kLocal, 4);
    put_common(out, e);
    out += name + packed;
    const uint16_t kVersion = 20;
    put(directory, kCentral, 4);
    put(directory, kVersion, 2);
    put_common(directory, e);
    directory.append(10, '\0');  // comment, disk, attributes
    put(directory, e.local, 4);
    directory += name;
  }
  const uint64_t start = out.size();
  if (entries.size() > 0xffff || start + directory.size() >= kIn64Bits)
    fail("zip: too many entries for an archive of less than 4 GiB; use safetensors");
  out += directory;
  put(out, kEnd, 4);
  put(out, 0, 4);
  put(out, entries.size(), 2);
  put(out, entries.size(), 2);
  put(out, directory.size(), 4);
  put(out, start, 4);
  put(out, 0, 2);
  return out;
}

}  // namespace rush::io
