// The profiler for Python: rushlight._C.profiler, of which rushlight.profiler is made.
#include <nanobind/stl/string.h>

#include <map>
#include <memory>

#include "classes.h"
#include "errors.h"
#include "rush/base/error.h"
#include "rush/profile/profile.h"

namespace rush::python {

namespace nb = nanobind;

namespace {

// C++ errors as the classes of rushlight, not as nanobind would have them.
template <typename F>
auto translated(F&& body) {
  try {
    return body();
  } catch (const nb::python_error&) {
    throw;
  } catch (...) {
    set_error_from_exception();
    throw nb::python_error();
  }
}

// A profiler between start() and stop().
struct Running {
  explicit Running(const ProfileOptions& options) : profiler(options) {}
  Profiler profiler;
};

// An event that Python code begins and ends. `module`: what runs in it belongs to that module.
struct Scope {
  Scope(std::string_view name, ProfileKind kind, OriginId origin)
      : origin(origin), span(detail::is_profiling() ? intern_name(name) : nullptr, kind) {}
  OriginScope origin;
  detail::ProfileSpan span;
};
struct ScopeHolder {
  std::unique_ptr<Scope> scope;
};

ScopeHolder begin_range(const std::string& name) {
  if (!detail::is_profiling()) return {};
  return {std::make_unique<Scope>(name, ProfileKind::kRange, t_origin)};
}
// Also while a trace is written down without a profiler: then only the module is noted.
ScopeHolder begin_module(const std::string& type, const std::string& path) {
  const OriginId origin =
      path.empty() ? t_origin : intern_origin(path, origin_of(t_origin).gradient_of);
  return {std::make_unique<Scope>(type, ProfileKind::kModule, origin)};
}
ScopeHolder begin_optimizer(const std::string& name) {
  if (!detail::is_profiling()) return {};
  return {std::make_unique<Scope>(name + ".step", ProfileKind::kRange,
                                  intern_origin("(" + name + ")"))};
}

template <typename E>
E choice(const char* what, const std::string& name, const std::map<std::string, E>& choices) {
  const auto found = choices.find(name);
  if (found != choices.end()) return found->second;
  std::string all;
  for (const auto& [known, value] : choices) all += (all.empty() ? "" : ", ") + known;
  fail(what, " is one of ", all, "; got '", name, "'");
}
ProfileBy by_of(const std::string& name) {
  return choice<ProfileBy>("by", name,
                           {{"op", ProfileBy::kOp},
                            {"module", ProfileBy::kModule},
                            {"op and module", ProfileBy::kOpAndModule}});
}
ProfileSort sort_of(const std::string& name) {
  return choice<ProfileSort>("sort_by", name,
                             {{"time", ProfileSort::kTime},
                              {"calls", ProfileSort::kCalls},
                              {"bytes", ProfileSort::kBytes},
                              {"flops", ProfileSort::kFlops},
                              {"name", ProfileSort::kName}});
}

const char* kind_text(ProfileKind kind) {
  return kind == ProfileKind::kOp ? "op" : kind == ProfileKind::kModule ? "module" : "range";
}

nb::dict to_dict(const ProfileRow& r) {
  nb::dict d;
  d["kind"] = kind_text(r.kind);
  d["name"] = r.name;
  d["gradient_of"] = r.gradient_of;
  d["module"] = r.module;
  d["calls"] = r.calls;
  d["seconds"] = r.seconds;
  d["backward_seconds"] = r.backward_seconds;
  d["total_seconds"] = r.total_seconds;
  d["bytes"] = r.bytes;
  d["flops"] = r.flops;
  d["allocated"] = r.allocated;
  d["peak_memory"] = r.peak_memory;
  return d;
}

nb::dict to_dict(const ProfileEvent& e) {
  const Origin& origin = origin_of(e.origin);
  nb::dict d;
  d["kind"] = kind_text(e.kind);
  d["name"] = e.name;
  d["gradient_of"] = origin.gradient_of;
  d["module"] = origin.module;
  d["thread"] = e.thread;
  d["depth"] = e.depth;
  d["start"] = static_cast<double>(e.start_ns) * 1e-9;
  d["seconds"] = static_cast<double>(e.duration_ns) * 1e-9;
  d["self_seconds"] = static_cast<double>(e.self_ns) * 1e-9;
  d["bytes"] = e.bytes;
  d["flops"] = e.flops;
  d["allocated"] = e.allocated;
  d["operands"] = e.operands;
  return d;
}

template <typename T>
nb::list to_list(const std::vector<T>& values) {
  nb::list list;
  for (const T& value : values) list.append(to_dict(value));
  return list;
}

void add_classes(nb::module_& m) {
  nb::class_<Profile>(m, "Profile", "What a profiler has seen.")
      .def_prop_ro("seconds", &Profile::seconds)
      .def_prop_ro("threads", &Profile::threads)
      .def_prop_ro("is_full", &Profile::is_full)
      .def("rows",
           [](const Profile& p, const std::string& by) {
             return translated([&] { return to_list(p.rows(by_of(by))); });
           })
      .def("events", [](const Profile& p) { return to_list(p.events()); })
      .def("table",
           [](const Profile& p, const std::string& by, const std::string& sort, size_t rows) {
             return translated(
                 [&] { return p.table({.by = by_of(by), .sort = sort_of(sort), .rows = rows}); });
           })
      .def("write_trace", [](const Profile& p, const std::string& path) {
        translated([&] { p.write_trace(path); });
      });
  nb::class_<Running>(m, "Running", "A profiler that runs.")
      .def("__init__",
           [](Running* r, bool shapes, bool memory) {
             translated([&] { new (r) Running({.shapes = shapes, .memory = memory}); });
           })
      .def("stop", [](Running& r) { return translated([&] { return r.profiler.stop(); }); });
  nb::class_<ScopeHolder>(m, "Scope", "An event that has begun.").def("end", [](ScopeHolder& s) {
    s.scope.reset();
  });
}

}  // namespace

void make_profiler(nb::module_& m) {
  nb::module_ p = m.def_submodule("profiler", "The profiler; see rushlight.profiler.");
  add_classes(p);
  p.def("is_running", &Profiler::is_running);
  p.def("begin_range", begin_range);
  p.def("begin_module", begin_module);
  p.def("begin_optimizer", begin_optimizer);
}

}  // namespace rush::python
