#include "rush/io/safetensors.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>

#include "rush/base/file.h"

namespace rush {
namespace {

using nlohmann::json;

static_assert(std::endian::native == std::endian::little, "safetensors data is little-endian");

constexpr const char* kMetadataKey = "__metadata__";
constexpr uint64_t kLongestHeader = 100'000'000;  // as in the reference implementation
constexpr int kDeepest = 3;                       // {name: {shape: [...]}}

// In the order of DType.
constexpr std::array<const char*, kDTypeCount> kTypeNames = {"BOOL", "U8",  "I8",   "I16", "I32",
                                                             "I64",  "F16", "BF16", "F32", "F64"};

struct Entry {
  std::string name;
  DType dtype;
  Shape shape;
  uint64_t begin, end;  // in the data
};

struct Header {
  std::vector<Entry> entries;  // by `begin`
  Metadata metadata;
  uint64_t data_start = 0;  // in the file
};

// Parses JSON that is an object of little depth without repeated keys.
json parse_json(const InputFile& file, const std::string& text) {
  std::array<std::set<std::string>, kDeepest + 1> keys;
  const auto check = [&](int depth, json::parse_event_t event, json& parsed) {
    const bool opens =
        event == json::parse_event_t::object_start || event == json::parse_event_t::array_start;
    if (opens && depth >= kDeepest) file.bad("the header is nested too deeply");
    if (event == json::parse_event_t::object_start) keys[depth + 1].clear();
    if (event == json::parse_event_t::key && !keys[depth].insert(parsed.get<std::string>()).second)
      file.bad("the header has the name " + parsed.dump() + " twice");
    return true;
  };
  json header;
  try {
    header = json::parse(text, check);
  } catch (const json::exception& e) {
    file.bad(std::string("the header is no JSON: ") + e.what());
  }
  if (!header.is_object()) file.bad("the header is no JSON object");
  return header;
}

DType parse_type(const InputFile& file, const std::string& name, const json& value) {
  const auto at = value.is_string()
                      ? std::find(kTypeNames.begin(), kTypeNames.end(), value.get<std::string>())
                      : kTypeNames.end();
  if (at == kTypeNames.end())
    file.bad(name + " has the type " + value.dump() + ", which is not known here");
  return static_cast<DType>(at - kTypeNames.begin());
}

uint64_t parse_number(const InputFile& file, const std::string& name, const json& value) {
  const bool fits = value.is_number_unsigned() && value.get<uint64_t>() <= uint64_t{INT64_MAX};
  if (!fits) file.bad(name + ": " + value.dump() + " is not a size or offset");
  return value.get<uint64_t>();
}

Entry parse_entry(const InputFile& file, const std::string& key, const json& value) {
  const std::string name = "tensor " + json(key).dump();
  const bool fine = value.is_object() && value.size() == 3 && value.contains("dtype") &&
                    value.contains("shape") && value.contains("data_offsets");
  if (!fine) file.bad(name + " should have dtype, shape and data_offsets, found " + value.dump());
  const json &shape = value["shape"], &offsets = value["data_offsets"];
  if (!shape.is_array() || shape.size() > kMaxRank)
    file.bad(name + ": the shape is no list of at most " + std::to_string(kMaxRank) + " sizes");
  if (!offsets.is_array() || offsets.size() != 2)
    file.bad(name + ": data_offsets is not a pair of numbers");
  Entry e{key, parse_type(file, name, value["dtype"]), {}, 0, 0};
  uint64_t bytes = size_of(e.dtype);
  bool overflows = false;
  for (const json& size : shape) {
    e.shape.push_back(static_cast<int64_t>(parse_number(file, name, size)));
    overflows |= __builtin_mul_overflow(bytes, static_cast<uint64_t>(e.shape.back()), &bytes);
  }
  e.begin = parse_number(file, name, offsets[0]);
  e.end = parse_number(file, name, offsets[1]);
  if (overflows || e.end < e.begin || e.end - e.begin != bytes)
    file.bad(name + ": " + std::string(kTypeNames[static_cast<size_t>(e.dtype)]) + " " +
             to_text(e.shape) + " does not fill its bytes " + std::to_string(e.begin) + " to " +
             std::to_string(e.end));
  return e;
}

Metadata parse_metadata(const InputFile& file, const json& value) {
  Metadata metadata;
  if (!value.is_object()) file.bad("__metadata__ is no object");
  for (const auto& [key, text] : value.items()) {
    if (!text.is_string()) file.bad("__metadata__: " + json(key).dump() + " is no string");
    metadata[key] = text.get<std::string>();
  }
  return metadata;
}

// The data must be covered exactly once, from its start to the end of the file.
void check_cover(const InputFile& file, const Header& header) {
  uint64_t at = 0;
  for (const Entry& e : header.entries) {
    if (e.begin != at)
      file.bad("tensor " + json(e.name).dump() + " begins at byte " + std::to_string(e.begin) +
               " of the data, expected " + std::to_string(at));
    at = e.end;
  }
  const uint64_t length = file.size() - header.data_start;
  if (at != length)
    file.bad("the header describes " + std::to_string(at) + " bytes of data, the file has " +
             std::to_string(length));
}

Header read_header(const InputFile& file) {
  uint64_t length = 0;
  if (file.size() < sizeof length) file.bad("is too short to be a safetensors file");
  file.read(0, &length, sizeof length);
  if (length > kLongestHeader || length > file.size() - sizeof length)
    file.bad("is no safetensors file: its header would have " + std::to_string(length) +
             " bytes, the file has " + std::to_string(file.size()));
  std::string text(length, '\0');
  file.read(sizeof length, text.data(), length);
  Header header;
  header.data_start = sizeof length + length;
  const json parsed = parse_json(file, text);
  for (const auto& [key, value] : parsed.items()) {
    if (key == kMetadataKey)
      header.metadata = parse_metadata(file, value);
    else
      header.entries.push_back(parse_entry(file, key, value));
  }
  std::sort(header.entries.begin(), header.entries.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
  });
  check_cover(file, header);
  return header;
}

// The tensors with wide elements first, so that each begins at a multiple of its element size.
State in_file_order(const State& state) {
  State ordered;
  std::set<std::string> names;
  for (const auto& [name, tensor] : state) {
    if (name == kMetadataKey || !names.insert(name).second)
      fail("save: the name ", name, " is reserved or there twice");
    if (!tensor.defined()) fail("save: ", name, " is undefined");
    if (!tensor.has_data()) fail("save: ", name, " is symbolic and has no values");
    ordered.emplace_back(name, tensor.detach().contiguous());
  }
  std::stable_sort(ordered.begin(), ordered.end(), [](const auto& a, const auto& b) {
    return size_of(a.second.dtype()) > size_of(b.second.dtype());
  });
  return ordered;
}

uint64_t bytes_of(const Tensor& t) { return static_cast<uint64_t>(t.numel()) * size_of(t.dtype()); }

std::string quoted(const std::string& text) {
  try {
    return json(text).dump();
  } catch (const json::exception&) {
    fail("save: a name or an entry of the metadata is not UTF-8");
  }
}

std::string make_header(const State& ordered, const Metadata& metadata) {
  std::string text, gap;
  if (!metadata.empty()) {
    for (const auto& [key, value] : metadata) {
      text += gap + quoted(key) + ":" + quoted(value);
      gap = ",";
    }
    text = quoted(kMetadataKey) + ":{" + text + "}";
  }
  uint64_t at = 0;
  for (const auto& [name, tensor] : ordered) {
    const uint64_t end = at + bytes_of(tensor);
    text += (text.empty() ? "" : ",") + quoted(name) + ":{\"dtype\":\"" +
            kTypeNames[static_cast<size_t>(tensor.dtype())] +
            "\",\"shape\":" + to_text(tensor.shape()) + ",\"data_offsets\":[" + std::to_string(at) +
            "," + std::to_string(end) + "]}";
    at = end;
  }
  text = "{" + text + "}";
  text.resize((text.size() + 7) / 8 * 8, ' ');  // the data begins at a multiple of 8
  return text;
}

}  // namespace

void save(const std::string& path, const State& state, const Metadata& metadata) {
  const State ordered = in_file_order(state);
  const std::string header = make_header(ordered, metadata);
  const uint64_t length = header.size();
  AtomicFile file("save", path);
  file.write(&length, sizeof length);
  file.write(header);
  for (const auto& [name, tensor] : ordered) file.write(tensor.raw(), bytes_of(tensor));
  file.commit();
}

State load_state(const std::string& path) {
  const InputFile file("load", path);
  const Header header = read_header(file);
  State state;
  for (const Entry& e : header.entries) {
    const Tensor t = Tensor::empty(e.shape, e.dtype);
    file.read(header.data_start + e.begin, t.raw(), e.end - e.begin);
    if (e.dtype == DType::kBool)  // any other byte than 0 and 1 would be undefined behaviour
      for (auto *p = static_cast<uint8_t*>(t.raw()), *end = p + t.numel(); p < end; ++p)
        *p = *p != 0;
    state.emplace_back(e.name, t);
  }
  return state;
}

Metadata load_metadata(const std::string& path) {
  return read_header(InputFile("load", path)).metadata;
}

}  // namespace rush
