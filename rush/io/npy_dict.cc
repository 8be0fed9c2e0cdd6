#include "rush/io/npy_dict.h"

#include <algorithm>
#include <cstring>
#include <deque>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <variant>

#include "rush/base/file.h"
#include "rush/io/npy.h"

namespace rush::io {
namespace {

// What a pickle of arrays consists of. Text and bytes are views of the file.
struct Value;
struct Items {  // a list or tuple
  std::vector<Value> values;
};
struct Mark {};
struct None {};
struct Global {
  std::string name;  // "numpy.dtype"
};
struct Type {  // numpy.dtype('<f4')
  std::string_view code;
  bool swapped = false;
};
struct Array {
  bool is_built = false;
  Type type;
  std::vector<int64_t> shape;
  bool fortran = false;
  std::string_view data;
  Items* objects = nullptr;  // instead of data
};
struct Dict {
  std::vector<std::pair<std::string, Array*>> entries;
  std::unordered_set<std::string_view> names;
};
// The memo may put a value on the stack again, so larger ones are pointed to.
struct Value : std::variant<Mark, None, bool, int64_t, std::string_view, Global, Items*, Type*,
                            Array*, Dict*> {
  using variant::variant;
};

// Opcodes, by the names of Python's pickletools.
enum : uint8_t {
  kProto = 0x80,
  kFrame = 0x95,
  kStop = '.',
  kMarkOp = '(',
  kNone = 'N',
  kNewTrue = 0x88,
  kNewFalse = 0x89,
  kBinInt = 'J',
  kBinInt1 = 'K',
  kBinInt2 = 'M',
  kLong1 = 0x8a,
  kShortBinUnicode = 0x8c,
  kBinUnicode = 'X',
  kBinUnicode8 = 0x8d,
  kShortBinBytes = 'C',
  kBinBytes = 'B',
  kBinBytes8 = 0x8e,
  kByteArray8 = 0x96,
  kShortBinString = 'U',
  kGlobal = 'c',
  kStackGlobal = 0x93,
  kEmptyTuple = ')',
  kTuple1 = 0x85,
  kTuple2 = 0x86,
  kTuple3 = 0x87,
  kTuple = 't',
  kEmptyDict = '}',
  kSetItem = 's',
  kSetItems = 'u',
  kEmptyList = ']',
  kAppend = 'a',
  kAppends = 'e',
  kReduce = 'R',
  kBuild = 'b',
  kBinGet = 'h',
  kLongBinGet = 'j',
  kBinPut = 'q',
  kLongBinPut = 'r',
  kMemoize = 0x94,
};

class Unpickler {
 public:
  Unpickler(const std::string& where, std::string_view text) : where_(where), text_(text) {}

  State run() {
    for (uint8_t op = byte(); op != kStop; op = byte()) step(op);
    if (stack_.size() != 1) bad("more than one value is left");
    const auto* saved = std::get_if<Array*>(&stack_[0]);
    const Items* objects = saved ? (*saved)->objects : nullptr;
    const Value& value = objects && objects->values.size() == 1 ? objects->values[0] : stack_[0];
    const auto* dict = std::get_if<Dict*>(&value);
    if (!dict) bad("the object is no dictionary of arrays");
    State state;
    for (const auto& [name, a] : (*dict)->entries) state.emplace_back(name, tensor_of(name, *a));
    return state;
  }

 private:
  [[noreturn]] void bad(const std::string& what) const {
    fail<IoError>(where_, what, " (byte ", at_, " of the pickle)");
  }

  // A pickle may tie its values into rings, so all of them live as long as the reader.
  template <typename T>
  T* make() {
    return &std::get<std::deque<T>>(owned_).emplace_back();
  }

  // ---- Reading -----
  std::string_view bytes(uint64_t count) {
    if (count > text_.size() - at_) bad("the pickle is cut off");
    const std::string_view part = text_.substr(at_, count);
    at_ += count;
    return part;
  }
  uint8_t byte() { return static_cast<uint8_t>(bytes(1)[0]); }
  uint64_t number(size_t width) {
    uint64_t v = 0;
    const std::string_view raw = bytes(width);
    for (size_t i = 0; i < width; ++i) v |= uint64_t{static_cast<uint8_t>(raw[i])} << 8 * i;
    return v;
  }
  std::string line() {
    const size_t end = text_.find('\n', at_);
    if (end == std::string_view::npos) bad("a name without end");
    const std::string name(text_.substr(at_, end - at_));
    at_ = end + 1;
    return name;
  }

  // ---- The stack -----
  Value pop() {
    if (stack_.empty()) bad("the stack is empty");
    Value v = std::move(stack_.back());
    stack_.pop_back();
    return v;
  }
  template <typename T>
  T pop_as(const char* what) {
    Value v = pop();
    if (auto* typed = std::get_if<T>(&v)) return std::move(*typed);
    bad(std::string("expected ") + what);
  }
  template <typename T>
  T& top_as(const char* what) {
    if (!stack_.empty())
      if (auto* typed = std::get_if<T>(&stack_.back())) return *typed;
    bad(std::string("expected ") + what);
  }
  Items* pop_to_mark() {
    auto items = make<Items>();
    while (true) {
      Value v = pop();
      if (std::holds_alternative<Mark>(v)) break;
      items->values.push_back(std::move(v));
    }
    std::reverse(items->values.begin(), items->values.end());
    return items;
  }
  void push_tuple(size_t count) {
    auto items = make<Items>();
    for (size_t i = 0; i < count; ++i) items->values.push_back(pop());
    std::reverse(items->values.begin(), items->values.end());
    stack_.push_back(std::move(items));
  }
  void recall(uint64_t key) {
    const auto found = memo_.find(key);
    if (found == memo_.end()) bad("an unknown memo entry");
    stack_.push_back(found->second);
  }
  void remember(uint64_t key) {
    if (stack_.empty()) bad("the stack is empty");
    memo_[key] = stack_.back();
  }
  void push_text(uint64_t size) { stack_.push_back(bytes(size)); }

  void step(uint8_t op) {
    if (!step_scalar(op) && !step_container(op) && !step_object(op)) {
      const char name = static_cast<char>(op);
      bad("instruction " + std::to_string(op) +
          (op >= ' ' && op < 127 ? std::string(" ('") + name + "')" : "") +
          " is not needed for a dictionary of arrays and is refused");
    }
  }

  bool step_scalar(uint8_t op) {
    switch (op) {
      case kProto:
        if (const uint8_t version = byte(); version < 2 || version > 5)
          bad("pickle protocol " + std::to_string(version) + "; 2 to 5 are read");
        return true;
      case kFrame:
        number(8);
        return true;
      case kNone:
        stack_.push_back(None{});
        return true;
      case kNewTrue:
      case kNewFalse:
        stack_.push_back(op == kNewTrue);
        return true;
      case kBinInt:
        stack_.push_back(int64_t{static_cast<int32_t>(number(4))});
        return true;
      case kBinInt1:
        stack_.push_back(static_cast<int64_t>(number(1)));
        return true;
      case kBinInt2:
        stack_.push_back(static_cast<int64_t>(number(2)));
        return true;
      case kLong1: {
        const uint8_t width = byte();
        if (width > 8) bad("a number of more than 64 bits");
        uint64_t v = number(width);
        if (width > 0 && width < 8 && (v >> (8 * width - 1))) v |= ~uint64_t{0} << 8 * width;
        stack_.push_back(static_cast<int64_t>(v));
        return true;
      }
      case kShortBinUnicode:
      case kShortBinBytes:
      case kShortBinString:
        push_text(number(1));
        return true;
      case kBinUnicode:
      case kBinBytes:
        push_text(number(4));
        return true;
      case kBinUnicode8:
      case kBinBytes8:
      case kByteArray8:
        push_text(number(8));
        return true;
      default:
        return false;
    }
  }

  bool step_container(uint8_t op) {
    switch (op) {
      case kMarkOp:
        stack_.push_back(Mark{});
        return true;
      case kEmptyTuple:
      case kEmptyList:
        stack_.push_back(make<Items>());
        return true;
      case kTuple1:
      case kTuple2:
      case kTuple3:
        push_tuple(op - kTuple1 + 1u);
        return true;
      case kTuple:
        stack_.push_back(pop_to_mark());
        return true;
      case kAppend: {
        Value v = pop();
        top_as<Items*>("a list")->values.push_back(std::move(v));
        return true;
      }
      case kAppends: {
        const auto items = pop_to_mark();
        for (Value& v : items->values) top_as<Items*>("a list")->values.push_back(std::move(v));
        return true;
      }
      case kEmptyDict:
        stack_.push_back(make<Dict>());
        return true;
      case kSetItem: {
        Value v = pop(), key = pop();
        set_item(key, v);
        return true;
      }
      case kSetItems: {
        const auto items = pop_to_mark();
        const auto& v = items->values;
        if (v.size() % 2 != 0) bad("a key without value");
        for (size_t i = 0; i < v.size(); i += 2) set_item(v[i], v[i + 1]);
        return true;
      }
      default:
        return false;
    }
  }

  bool step_object(uint8_t op) {
    switch (op) {
      case kGlobal: {
        const std::string module = line();
        push_global(module, line());
        return true;
      }
      case kStackGlobal: {
        const auto name = pop_as<std::string_view>("a name");
        push_global(std::string(pop_as<std::string_view>("a module")), std::string(name));
        return true;
      }
      case kReduce:
        reduce();
        return true;
      case kBuild:
        build();
        return true;
      case kBinGet:
        recall(number(1));
        return true;
      case kLongBinGet:
        recall(number(4));
        return true;
      case kBinPut:
        remember(number(1));
        return true;
      case kLongBinPut:
        remember(number(4));
        return true;
      case kMemoize:
        remember(memo_.size());
        return true;
      default:
        return false;
    }
  }

  // ---- Meaning -----
  void set_item(const Value& key, const Value& value) {
    auto& dict = top_as<Dict*>("a dictionary");
    const auto* name = std::get_if<std::string_view>(&key);
    if (!name) bad("a key is no text");
    const auto* array = std::get_if<Array*>(&value);
    if (!array) bad("the value of '" + std::string(*name) + "' is no array");
    if (!dict->names.insert(*name).second) bad("'" + std::string(*name) + "' comes twice");
    dict->entries.emplace_back(*name, *array);
  }

  void push_global(const std::string& module, const std::string& name) {
    static constexpr std::string_view kKnown[] = {"numpy.dtype",
                                                  "numpy.ndarray",
                                                  "_codecs.encode",
                                                  "__builtin__.bytes",
                                                  "numpy.core.multiarray._reconstruct",
                                                  "numpy._core.multiarray._reconstruct",
                                                  "numpy.core.numeric._frombuffer",
                                                  "numpy._core.numeric._frombuffer"};
    const std::string full = module + "." + name;
    if (std::find(std::begin(kKnown), std::end(kKnown), full) == std::end(kKnown))
      bad("the file names " + full + ", which has no place in a dictionary of arrays; refused");
    stack_.push_back(Global{full});
  }

  // The calls that arrays are pickled with, each done by hand.
  void reduce() {
    const auto arguments = pop_as<Items*>("arguments");
    const Items& args = *arguments;
    const auto callee = pop_as<Global>("a function");
    const std::string_view name = callee.name;
    if (name == "numpy.dtype") {
      auto* t = make<Type>();
      t->code = text(args, 0, "a type code");
      stack_.push_back(t);
    } else if (name.ends_with("_reconstruct")) {
      stack_.push_back(make<Array>());
    } else if (name.ends_with("_frombuffer")) {
      auto array = make<Array>();
      array->data = text(args, 0, "bytes");
      array->type = type(args, 1);
      set_shape(*array, args, 2);
      array->fortran = text(args, 3, "an order") == "F";
      array->is_built = true;
      stack_.push_back(std::move(array));
    } else if (name == "_codecs.encode") {  // bytes in protocol 2: text of code points below 256
      stack_.push_back(latin1(text(args, 0, "text")));
    } else if (name == "__builtin__.bytes" && args.values.empty()) {  // none, in protocol 2
      stack_.push_back(std::string_view());
    } else {
      bad("a call of " + callee.name + " is refused");
    }
  }

  // State for a dtype: (version, byte order, ...); for an array: (version, shape, dtype, order,
  // data).
  void build() {
    const auto held = pop_as<Items*>("a state");
    const Items& state = *held;
    if (stack_.empty()) bad("the stack is empty");
    if (auto* t = std::get_if<Type*>(&stack_.back())) {
      (*t)->swapped = text(state, 1, "a byte order") == ">";
      return;
    }
    auto& array = *top_as<Array*>("an array or type");
    set_shape(array, state, 1);
    array.type = type(state, 2);
    const auto* fortran = get<bool>(state, 3);
    if (!fortran) bad("expected an order");
    array.fortran = *fortran;
    if (const auto* objects = get<Items*>(state, 4)) {
      array.objects = *objects;
      return;
    }
    array.data = text(state, 4, "bytes");
    array.is_built = true;
  }

  template <typename T>
  static const T* get(const Items& items, size_t i) {
    return i < items.values.size() ? std::get_if<T>(&items.values[i]) : nullptr;
  }
  std::string_view text(const Items& items, size_t i, const char* what) const {
    const auto* t = get<std::string_view>(items, i);
    if (!t) bad(std::string("expected ") + what);
    return *t;
  }
  Type type(const Items& items, size_t i) const {
    const auto* t = get<Type*>(items, i);
    if (!t) bad("expected an element type");
    return **t;
  }
  void set_shape(Array& array, const Items& items, size_t i) const {
    const auto* sizes = get<Items*>(items, i);
    if (!sizes || (*sizes)->values.size() > static_cast<size_t>(kMaxRank)) bad("expected a shape");
    array.shape.clear();
    for (const Value& v : (*sizes)->values) {
      const auto* size = std::get_if<int64_t>(&v);
      if (!size || *size < 0) bad("expected a size");
      array.shape.push_back(*size);
    }
  }
  std::string_view latin1(std::string_view utf8) {
    std::string& out = converted_.emplace_back();
    for (size_t i = 0; i < utf8.size(); ++i) {
      const auto c = static_cast<uint8_t>(utf8[i]);
      if (c < 0x80) {
        out += utf8[i];
        continue;
      }
      const bool is_two = (c == 0xc2 || c == 0xc3) && i + 1 < utf8.size();
      if (!is_two) bad("text that is no bytes");
      out += static_cast<char>((c & 3) << 6 | (static_cast<uint8_t>(utf8[++i]) & 0x3f));
    }
    return out;
  }

  // As an .npy file of its own, which checks type and sizes.
  Tensor tensor_of(const std::string& name, const Array& a) const {
    if (!a.is_built) bad("array '" + name + "' has no content");
    std::string shape;
    for (int64_t size : a.shape) shape += std::to_string(size) + ", ";
    const std::string header =
        "{'descr': '" + std::string(a.type.swapped ? ">" : "<") + std::string(a.type.code) +
        "', 'fortran_order': " + (a.fortran ? "True" : "False") + ", 'shape': (" + shape + "), }\n";
    std::string file = "\x93NUMPY\x01";
    file += '\0';
    file += {static_cast<char>(header.size() & 255), static_cast<char>(header.size() >> 8)};
    return detail::parse_npy(where_ + "'" + name + "' ", file + header + std::string(a.data));
  }

  const std::string& where_;
  std::string_view text_;
  size_t at_ = 0;
  std::vector<Value> stack_;
  std::unordered_map<uint64_t, Value> memo_;
  std::deque<std::string> converted_;
  std::tuple<std::deque<Items>, std::deque<Type>, std::deque<Array>, std::deque<Dict>> owned_;
};

}  // namespace

State detail::parse_array_dict(const std::string& where, std::string_view pickle) {
  return Unpickler(where, pickle).run();
}

State load_npy_dict(const std::string& path) {
  const std::string where = "npy: " + path + ": ";
  const std::string content = read_file("npy", path, UINT64_MAX);
  const size_t start = detail::object_data(where, content);
  return detail::parse_array_dict(where, std::string_view(content).substr(start));
}

}  // namespace rush::io
