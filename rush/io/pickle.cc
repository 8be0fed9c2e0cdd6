#include "rush/io/pickle.h"

#include <algorithm>

namespace rush::io::pickle {
namespace {

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

}  // namespace

Value Machine::run() {
  for (uint8_t op = byte(); op != kStop; op = byte()) step(op);
  if (stack_.size() != 1) bad("more than one value is left");
  return stack_[0];
}

void Machine::bad(const std::string& what) const {
  fail<IoError>(where_, what, " (byte ", at_, " of the pickle)");
}

// ---- Reading
// -------------------------------------------------------------------------------------

std::string_view Machine::bytes(uint64_t count) {
  if (count > text_.size() - at_) bad("the pickle is cut off");
  const std::string_view part = text_.substr(at_, count);
  at_ += count;
  return part;
}

uint64_t Machine::number(size_t width) {
  uint64_t v = 0;
  const std::string_view raw = bytes(width);
  for (size_t i = 0; i < width; ++i) v |= uint64_t{static_cast<uint8_t>(raw[i])} << 8 * i;
  return v;
}

std::string Machine::line() {
  const size_t end = text_.find('\n', at_);
  if (end == std::string_view::npos) bad("a name without end");
  const std::string name(text_.substr(at_, end - at_));
  at_ = end + 1;
  return name;
}

// ---- The stack
// -----------------------------------------------------------------------------------

Value Machine::pop() {
  if (stack_.empty()) bad("the stack is empty");
  Value v = std::move(stack_.back());
  stack_.pop_back();
  return v;
}

Items* Machine::pop_to_mark() {
  auto items = make<Items>();
  while (true) {
    Value v = pop();
    if (std::holds_alternative<Mark>(v)) break;
    items->values.push_back(std::move(v));
  }
  std::reverse(items->values.begin(), items->values.end());
  return items;
}

void Machine::push_tuple(size_t count) {
  auto items = make<Items>();
  for (size_t i = 0; i < count; ++i) items->values.push_back(pop());
  std::reverse(items->values.begin(), items->values.end());
  stack_.push_back(std::move(items));
}

void Machine::recall(uint64_t key) {
  const auto found = memo_.find(key);
  if (found == memo_.end()) bad("an unknown memo entry");
  stack_.push_back(found->second);
}

void Machine::remember(uint64_t key) {
  if (stack_.empty()) bad("the stack is empty");
  memo_[key] = stack_.back();
}

void Machine::step(uint8_t op) {
  if (!step_scalar(op) && !step_container(op) && !step_object(op)) {
    const char name = static_cast<char>(op);
    bad("instruction " + std::to_string(op) +
        (op >= ' ' && op < 127 ? std::string(" ('") + name + "')" : "") +
        " is not needed for a dictionary of arrays and is refused");
  }
}

bool Machine::step_scalar(uint8_t op) {
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

bool Machine::step_container(uint8_t op) {
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

bool Machine::step_object(uint8_t op) {
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

}  // namespace rush::io::pickle
