#include "rush/io/npy.h"

#include <algorithm>
#include <cstring>

#include "rush/base/file.h"

namespace rush::io {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr size_t kLongestHeader = 1 << 20;

struct NpyHeader {
  DType dtype = DType::kFloat32;
  bool swapped = false;  // big-endian
  bool fortran = false;
  Shape shape;
};

// In the order of DType; bfloat16 has none.
constexpr const char* kCodes[kDTypeCount] = {"b1", "u1", "i1", "i2", "i4",
                                             "i8", "f2", "",   "f4", "f8"};

// Reads the header, which is a Python dictionary of a fixed form:
// {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }
class HeaderParser {
 public:
  HeaderParser(const std::string& where, std::string_view text) : where_(where), text_(text) {}

  NpyHeader parse() {
    expect('{');
    bool has_type = false, has_order = false, has_shape = false;
    while (!take('}')) {
      const std::string key = string();
      expect(':');
      bool& seen = key == "descr" ? has_type : key == "fortran_order" ? has_order : has_shape;
      if (key != "descr" && key != "fortran_order" && key != "shape") bad("unknown key " + key);
      if (seen) bad("key " + key + " twice");
      seen = true;
      if (key == "descr") type();
      if (key == "fortran_order") header_.fortran = boolean();
      if (key == "shape") shape();
      if (!take(',') && peek() != '}') bad("expected , or }");
    }
    if (!has_type || !has_order || !has_shape) bad("descr, fortran_order or shape is missing");
    if (peek() != '\0') bad("text after the dictionary");
    return header_;
  }

 private:
  [[noreturn]] void bad(const std::string& what) {
    fail<IoError>(where_, "the header is not understood: ", what, " at character ", at_);
  }
  char peek() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool take(char c) {
    if (peek() != c || c == '\0') return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!take(c)) bad(std::string("expected ") + c);
  }
  std::string string() {
    const char quote = peek();
    if (quote != '\'' && quote != '"') bad("expected a string");
    const size_t end = text_.find(quote, ++at_);
    if (end == std::string_view::npos) bad("a string without end");
    const std::string s(text_.substr(at_, end - at_));
    at_ = end + 1;
    return s;
  }
  bool boolean() {
    peek();
    for (const auto& [word, value] : {std::pair("True", true), std::pair("False", false)})
      if (text_.substr(at_, std::strlen(word)) == word) {
        at_ += std::strlen(word);
        return value;
      }
    bad("expected True or False");
  }
  void type() {
    if (peek() == '[') bad("records are not read, only plain numbers");
    const std::string descr = string();
    const std::string code = descr.empty() ? "" : descr.substr(1);
    const auto found = std::find(std::begin(kCodes), std::end(kCodes), code);
    if (code.empty() || found == std::end(kCodes)) bad("element type '" + descr + "'");
    header_.dtype = static_cast<DType>(found - std::begin(kCodes));
    const bool is_order_known = std::string_view("<>|=").find(descr[0]) != std::string_view::npos;
    if (!is_order_known) bad("byte order '" + descr + "'");
    header_.swapped = descr[0] == '>';
  }
  void shape() {
    expect('(');
    while (!take(')')) {
      if (header_.shape.size() == kMaxRank) bad("more than 12 sizes");
      header_.shape.push_back(number());
      if (!take(',') && peek() != ')') bad("expected , or )");
    }
  }
  int64_t number() {
    int64_t value = 0;
    const char first = peek();
    if (first < '0' || first > '9') bad("expected a size");
    for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_)
      if (__builtin_mul_overflow(value, 10, &value) ||
          __builtin_add_overflow(value, text_[at_] - '0', &value))
        bad("a size is too large");
    return value;
  }

  const std::string& where_;
  std::string_view text_;
  size_t at_ = 0;
  NpyHeader header_;
};

// The header's text, and in *data where the data begins.
std::string_view header_text(const std::string& where, std::string_view content, size_t* data) {
  const bool is_npy = content.size() >= 10 && content.substr(0, kMagic.size()) == kMagic;
  if (!is_npy) fail<IoError>(where, "is not an npy file: it should begin with \\x93NUMPY");
  const auto byte = [&](size_t i) { return static_cast<size_t>(static_cast<uint8_t>(content[i])); };
  const size_t major = byte(6);
  if (major < 1 || major > 3)
    fail<IoError>(where, "has format version ", major, ", known are 1 to 3");
  const size_t start = major == 1 ? 10 : 12;
  if (content.size() < start) fail<IoError>(where, "is cut off in the header");
  const size_t length = byte(8) | byte(9) << 8 | (major == 1 ? 0 : byte(10) << 16 | byte(11) << 24);
  if (length > kLongestHeader || length > content.size() - start)
    fail<IoError>(where, "is cut off: the header should have ", length, " bytes, found ",
                  content.size() - start);
  *data = start + length;
  return content.substr(start, length);
}

// The same elements seen with the first index running fastest.
Tensor fortran_view(const Tensor& t, const Shape& shape) {
  Strides strides = Dims::filled(shape.size(), 1);
  for (int i = 1; i < shape.size(); ++i)
    strides[i] = strides[i - 1] * std::max<int64_t>(shape[i - 1], 1);
  Ref<TensorBody> body = TensorBody::make();
  body->storage = t.storage();
  body->layout = Layout(shape, strides, 0);
  body->dtype = t.dtype();
  return Tensor(std::move(body));
}

}  // namespace

Tensor detail::parse_npy(const std::string& where, std::string_view content) {
  size_t start = 0;
  const std::string_view text = header_text(where, content, &start);
  const NpyHeader header = HeaderParser(where, text).parse();
  uint64_t bytes = size_of(header.dtype);
  for (int64_t size : header.shape)
    if (__builtin_mul_overflow(bytes, static_cast<uint64_t>(size), &bytes))
      fail<IoError>(where, "sizes ", header.shape, " overflow");
  if (bytes != content.size() - start)
    fail<IoError>(where, header.dtype, " ", header.shape, " needs ", bytes,
                  " bytes of data, found ", content.size() - start);
  const Tensor t = Tensor::empty(header.shape, header.dtype);
  auto* to = static_cast<char*>(t.raw());
  if (bytes > 0) std::memcpy(to, content.data() + start, bytes);
  const size_t item = size_of(header.dtype);
  for (size_t i = 0; header.swapped && i < bytes; i += item) std::reverse(to + i, to + i + item);
  for (size_t i = 0; header.dtype == DType::kBool && i < bytes; ++i) to[i] = to[i] != 0;
  return header.fortran && header.shape.size() > 1 ? fortran_view(t, header.shape) : t;
}

size_t detail::object_data(const std::string& where, std::string_view content) {
  size_t start = 0;
  const std::string_view text = header_text(where, content, &start);
  const auto has = [&](const char* entry) { return text.find(entry) != std::string_view::npos; };
  if (!has("'descr': '|O'") || !has("'shape': ()"))
    fail<IoError>(where, "holds an array, where one dictionary of arrays is expected");
  return start;
}

std::string detail::npy_header(const std::string& where, const Tensor& t) {
  const char* code = kCodes[static_cast<int>(t.dtype())];
  if (*code == '\0')
    fail<TypeError>(where, "NumPy has no ", t.dtype(), "; convert to float32 or use safetensors");
  std::string shape;
  for (int64_t size : t.shape()) shape += std::to_string(size) + (t.rank() == 1 ? "," : ", ");
  if (t.rank() > 1) shape.resize(shape.size() - 2);
  std::string text = std::string("{'descr': '") + (size_of(t.dtype()) == 1 ? "|" : "<") + code +
                     "', 'fortran_order': False, 'shape': (" + shape + "), }";
  const size_t kPrefix = 10, kAlign = 64;
  while ((kPrefix + text.size() + 1) % kAlign != 0) text += ' ';
  text += '\n';
  std::string head(kMagic);
  head += {'\1', '\0', static_cast<char>(text.size() & 255), static_cast<char>(text.size() >> 8)};
  return head + text;
}

Tensor load_npy(const std::string& path) {
  return detail::parse_npy("npy: " + path + ": ", read_file("npy", path, UINT64_MAX));
}

void save_npy(const std::string& path, const Tensor& tensor) {
  const Tensor dense = tensor.detach().contiguous();
  const std::string header = detail::npy_header("npy: ", dense);
  AtomicFile file("npy", path);
  file.write(header);
  file.write(dense.raw(), static_cast<size_t>(dense.numel()) * size_of(dense.dtype()));
  file.commit();
}

}  // namespace rush::io
