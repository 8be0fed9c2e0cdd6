// Thread-local modes: recording, and anomaly detection with the call site of the culprit.
#include <cxxabi.h>
#include <dlfcn.h>
#include <execinfo.h>

#include <cmath>
#include <cstdlib>

#if RUSH_WITH_BACKTRACE
#include <backtrace.h>
#endif

#include "rush/core/internal.h"
#include "rush/tensor/observer.h"

namespace rush {
namespace detail {

thread_local bool t_grad_enabled = true;
thread_local bool t_detect_anomaly = false;

namespace {

bool all_finite(const Tensor& t) {
  if (!t.defined() || !t.has_data() || !is_floating(t.dtype())) return true;
  const Unobserved for_us;
  for (double v : t.to_vector<double>())
    if (!std::isfinite(v)) return false;
  return true;
}

std::string demangled(const char* symbol) {
  int status = 0;
  char* text = abi::__cxa_demangle(symbol, nullptr, nullptr, &status);
  std::string out = status == 0 && text ? text : symbol;
  std::free(text);
  return out;
}

// Frames of the library itself say nothing to the user.
bool is_internal(const std::string& function) {
  const size_t paren = function.find('(');
  return function.substr(0, paren).find("rush::") != std::string::npos;
}

#if RUSH_WITH_BACKTRACE
struct Frames {
  std::string text;
  int count = 0;
};

int add_frame(void* data, uintptr_t, const char* file, int line, const char* function) {
  constexpr int kMaxFrames = 8;
  auto& frames = *static_cast<Frames*>(data);
  if (!file || !function) return 0;
  const std::string name = demangled(function);
  if (is_internal(name) || std::string_view(file).find("/rush/") != std::string_view::npos)
    return 0;
  frames.text += "\n  at " + name + " (" + file + ":" + std::to_string(line) + ")";
  return ++frames.count >= kMaxFrames || name == "main";
}
#endif

}  // namespace

std::string call_site() {
#if RUSH_WITH_BACKTRACE
  static backtrace_state* state = backtrace_create_state(
      nullptr, 1, [](void*, const char*, int) {}, nullptr);
  Frames frames;
  backtrace_full(
      state, 1, add_frame, [](void*, const char*, int) {}, &frames);
  if (frames.count > 0) return frames.text;
#endif
  void* addresses[64];
  const int n = backtrace(addresses, 64);
  std::string text;
  for (int i = 0, kept = 0; i < n && kept < 8; ++i) {
    Dl_info info;
    if (!dladdr(addresses[i], &info) || !info.dli_sname) continue;
    const std::string name = demangled(info.dli_sname);
    if (is_internal(name)) continue;
    text += "\n  at " + name;
    ++kept;
  }
  return text;
}

void check_anomaly(const Op& op, std::span<const Arg> in, std::span<const Tensor> outs) {
  bool is_bad = false;
  for (const Tensor& t : outs) is_bad |= !all_finite(t);
  if (!is_bad) return;
  std::string shapes;
  for (const Arg& a : in) {
    if (!a.tensor->defined()) continue;
    if (!all_finite(*a.tensor)) return;  // not the first one
    shapes += (shapes.empty() ? "" : ", ") + to_text(Spec{a.tensor->shape(), a.tensor->dtype()});
  }
  fail(op.name, ": made a NaN or an infinity out of finite inputs (", shapes, ")", call_site());
}

}  // namespace detail

bool grad_enabled() { return detail::t_grad_enabled; }
GradMode::GradMode(bool enabled) : before_(detail::t_grad_enabled) {
  detail::t_grad_enabled = enabled;
}
GradMode::~GradMode() { detail::t_grad_enabled = before_; }

DetectAnomaly::DetectAnomaly(bool on) : before_(detail::t_detect_anomaly) {
  detail::t_detect_anomaly = on;
}
DetectAnomaly::~DetectAnomaly() { detail::t_detect_anomaly = before_; }
bool DetectAnomaly::is_on() { return detail::t_detect_anomaly; }

}  // namespace rush
