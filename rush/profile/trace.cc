// Chrome's trace event format: complete events ("X") with times in microseconds, a counter for
// memory, and the names of threads.
#include <cstdio>
#include <set>

#include "rush/base/file.h"
#include "rush/profile/profile.h"

namespace rush {
namespace {

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char code[8];
      std::snprintf(code, sizeof code, "\\u%04x", static_cast<unsigned>(c));
      out += code;
    } else {
      out += c;
    }
  }
  return out + "\"";
}

template <typename... Args>
std::string formatted(const char* format, Args... args) {
  char text[128];
  std::snprintf(text, sizeof text, format, args...);
  return text;
}

const char* category(const ProfileEvent& e, const Origin& origin) {
  if (e.kind == ProfileKind::kModule) return "module";
  if (e.kind == ProfileKind::kRange) return "range";
  return origin.gradient_of.empty() ? "op" : "backward";
}

std::string microseconds(int64_t ns) {
  return formatted("%lld.%03d", static_cast<long long>(ns / 1000), static_cast<int>(ns % 1000));
}

std::string arguments_of(const ProfileEvent& e, const Origin& origin) {
  std::string args;
  const auto add = [&](const char* name, const std::string& value) {
    args += (args.empty() ? "\"" : ",\"") + std::string(name) + "\":" + value;
  };
  if (!origin.module.empty()) add("module", quoted(origin.module));
  if (!origin.gradient_of.empty()) add("gradient of", quoted(origin.gradient_of));
  if (e.bytes > 0) add("bytes", std::to_string(e.bytes));
  if (e.flops > 0) add("flops", formatted("%.0f", e.flops));
  if (e.flops > 0 && e.duration_ns > 0)
    add("GFLOP/s", formatted("%.2f", e.flops / static_cast<double>(e.duration_ns)));
  if (!e.operands.empty()) add("operands", quoted(e.operands));
  return "{" + args + "}";
}

}  // namespace

std::string Profile::trace() const {
  std::string text = "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n";
  text += R"({"name":"process_name","ph":"M","pid":1,"tid":0,"args":{"name":"rushlight"}})";
  std::set<uint32_t> threads;
  for (const ProfileEvent& e : events_) threads.insert(e.thread);
  for (const uint32_t t : threads)
    text += ",\n{\"name\":\"thread_name\",\"ph\":\"M\",\"pid\":1,\"tid\":" + std::to_string(t) +
            ",\"args\":{\"name\":" + quoted(t == 0 ? "main" : "thread " + std::to_string(t)) + "}}";
  for (const ProfileEvent& e : events_) {
    const Origin& origin = origin_of(e.origin);
    text += ",\n{\"name\":" + quoted(e.name) + ",\"cat\":\"" + category(e, origin) +
            "\",\"ph\":\"X\",\"ts\":" + microseconds(e.start_ns) +
            ",\"dur\":" + microseconds(e.duration_ns) +
            ",\"pid\":1,\"tid\":" + std::to_string(e.thread) +
            ",\"args\":" + arguments_of(e, origin) + "}";
    if (e.memory >= 0)
      text += ",\n{\"name\":\"memory\",\"ph\":\"C\",\"ts\":" +
              microseconds(e.start_ns + e.duration_ns) +
              ",\"pid\":1,\"tid\":0,\"args\":{\"bytes\":" + std::to_string(e.memory) + "}}";
  }
  return text + "\n]}\n";
}

void Profile::write_trace(const std::string& path) const {
  write_file("write_trace", path, trace());
}

}  // namespace rush
