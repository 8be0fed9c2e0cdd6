// Rows and the table made of them.
#include <algorithm>
#include <cstdio>
#include <map>
#include <tuple>

#include "rush/profile/analysis.h"

namespace rush {
namespace {

void add_event(ProfileRow& row, const ProfileEvent& e, const Origin& origin) {
  const double self = static_cast<double>(e.self_ns) * 1e-9;
  ++row.calls;
  row.seconds += self;
  if (!origin.gradient_of.empty()) row.backward_seconds += self;
  row.total_seconds += static_cast<double>(e.duration_ns) * 1e-9;
  row.bytes += e.bytes;
  row.flops += e.flops;
  row.allocated += e.allocated;
  row.peak_memory = std::max(row.peak_memory, e.memory);
}

std::vector<ProfileRow> rows_by_op(const std::vector<ProfileEvent>& events, bool and_module) {
  using Key = std::tuple<ProfileKind, std::string, std::string, std::string>;
  std::map<Key, size_t> places;
  std::vector<ProfileRow> rows;
  for (const ProfileEvent& e : events) {
    const Origin& origin = origin_of(e.origin);
    ProfileRow row{.kind = e.kind};
    if (e.kind != ProfileKind::kModule) row.name = e.name;
    if (e.kind == ProfileKind::kOp) row.gradient_of = origin.gradient_of;
    if (and_module && e.kind == ProfileKind::kOp) row.module = origin.module;
    const auto [place, is_new] =
        places.try_emplace(Key{row.kind, row.name, row.gradient_of, row.module}, rows.size());
    if (is_new) rows.push_back(std::move(row));
    add_event(rows[place->second], e, origin);
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const ProfileRow& a, const ProfileRow& b) { return a.seconds > b.seconds; });
  return rows;
}

// Modules as a tree, in which children stand in order of their first event.
class ModuleTree {
 public:
  explicit ModuleTree(const std::vector<ProfileEvent>& events) {
    for (const ProfileEvent& e : events)
      if (e.kind != ProfileKind::kRange) add(e, origin_of(e.origin));
  }
  std::vector<ProfileRow> rows() const {
    std::vector<ProfileRow> out;
    list(tops_, out);
    return out;
  }

 private:
  struct Module {
    ProfileRow row;
    std::vector<std::string> parts;
  };

  // Events count for every module that they are in.
  void add(const ProfileEvent& e, const Origin& origin) {
    const std::string& path = origin.module;
    std::vector<std::string>* level = &tops_;
    for (size_t end = 0; end != path.size() || end == 0;) {
      end = std::min(path.find('.', end == 0 ? 0 : end + 1), path.size());
      const std::string prefix = path.substr(0, end);
      const auto [found, is_new] = modules_.try_emplace(prefix);
      if (is_new) {
        found->second.row = {.kind = ProfileKind::kModule, .module = prefix};
        level->push_back(prefix);
      }
      ProfileRow& row = found->second.row;
      const int64_t calls = row.calls;
      add_event(row, e, origin);
      row.total_seconds = row.seconds;
      row.calls = calls + (e.kind == ProfileKind::kOp);
      level = &found->second.parts;
      if (path.empty()) break;
    }
  }
  void list(const std::vector<std::string>& level, std::vector<ProfileRow>& out) const {
    for (const std::string& path : level) {
      const Module& m = modules_.at(path);
      out.push_back(m.row);
      list(m.parts, out);
    }
  }

  std::map<std::string, Module> modules_;
  std::vector<std::string> tops_;
};

// ---- Text -------------------------------------------------------------------------------------

std::string number(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

// Rates of nothing are left out.
std::string rate(double amount, double seconds) {
  if (amount <= 0 || seconds <= 0) return "";
  const double giga = amount / seconds * 1e-9;
  return number(giga, giga < 10 ? 2 : 1);
}

std::string label_of(const ProfileRow& row) {
  if (row.kind == ProfileKind::kRange) return "[" + row.name + "]";
  if (row.kind == ProfileKind::kModule) return "[modules]";
  return row.gradient_of.empty() ? row.name : "d(" + row.gradient_of + "): " + row.name;
}

struct Grid {
  std::vector<std::vector<std::string>> lines;
  size_t text_columns;  // at the left, aligned to the left

  std::string text() const {
    std::vector<size_t> widths(lines[0].size());
    for (const auto& line : lines)
      for (size_t c = 0; c < line.size(); ++c) widths[c] = std::max(widths[c], line[c].size());
    std::string out;
    for (const auto& line : lines) {
      std::string shown;
      for (size_t c = 0; c < line.size(); ++c) {
        const std::string pad(widths[c] - line[c].size(), ' ');
        shown += (c ? "  " : "") + (c < text_columns ? line[c] + pad : pad + line[c]);
      }
      out += shown.substr(0, shown.find_last_not_of(' ') + 1) + "\n";
    }
    return out;
  }
};

constexpr size_t kWidestText = 60;
std::string shortened(std::string text) {
  if (text.size() > kWidestText) text = text.substr(0, kWidestText - 3) + "...";
  return text;
}

void sort_rows(std::vector<ProfileRow>& rows, ProfileSort by) {
  const auto by_key = [&](auto key) {
    std::stable_sort(rows.begin(), rows.end(),
                     [&](const ProfileRow& a, const ProfileRow& b) { return key(a) > key(b); });
  };
  if (by == ProfileSort::kCalls) by_key([](const ProfileRow& r) { return r.calls; });
  if (by == ProfileSort::kBytes) by_key([](const ProfileRow& r) { return r.bytes; });
  if (by == ProfileSort::kFlops) by_key([](const ProfileRow& r) { return r.flops; });
  if (by == ProfileSort::kName)
    std::stable_sort(rows.begin(), rows.end(), [](const ProfileRow& a, const ProfileRow& b) {
      return label_of(a) < label_of(b);
    });
}

ProfileRow sum_of(const std::vector<ProfileRow>& rows, size_t begin) {
  ProfileRow sum;
  for (size_t i = begin; i < rows.size(); ++i) {
    sum.calls += rows[i].calls;
    sum.seconds += rows[i].seconds;
    sum.bytes += rows[i].bytes;
    sum.flops += rows[i].flops;
  }
  return sum;
}

std::vector<std::string> numbers_of(const ProfileRow& row, double wall) {
  const bool is_op = row.bytes > 0 || row.flops > 0;
  return {row.calls > 0 ? std::to_string(row.calls) : "",
          number(row.seconds * 1e3, 3),
          row.calls > 0 ? number(row.seconds * 1e6 / static_cast<double>(row.calls), 2) : "",
          number(wall > 0 ? 100 * row.seconds / wall : 0, 1) + "%",
          is_op ? number(static_cast<double>(row.bytes) * 1e-6, 1) : "",
          rate(static_cast<double>(row.bytes), row.seconds),
          rate(row.flops, row.seconds)};
}

void append(std::vector<std::string>& line, std::vector<std::string> more) {
  line.insert(line.end(), more.begin(), more.end());
}

}  // namespace

std::vector<ProfileRow> Profile::rows(ProfileBy by) const {
  if (by == ProfileBy::kModule) return ModuleTree(events_).rows();
  return rows_by_op(events_, by == ProfileBy::kOpAndModule);
}

namespace {

struct Header {
  bool by_module, has_module, has_memory;
};

std::vector<std::string> titles_of(const Header& h) {
  std::vector<std::string> titles{h.by_module ? "module" : "op"};
  if (h.has_module) titles.push_back("module");
  append(titles,
         {h.by_module ? "ops" : "calls", "ms", "us/call", "share", "MB", "GB/s", "GFLOP/s"});
  if (h.by_module) titles.push_back("backward ms");
  if (h.has_memory) append(titles, {"allocated MB", "peak MB"});
  return titles;
}

void add_line(Grid& grid, const Header& h, const std::string& label, const ProfileRow& row,
              double wall) {
  auto& line = grid.lines.emplace_back(std::vector{shortened(label)});
  if (h.has_module) line.push_back(shortened(row.module));
  append(line, numbers_of(row, wall));
  if (h.by_module) line.push_back(row.calls > 0 ? number(row.backward_seconds * 1e3, 3) : "");
  if (h.has_memory)
    append(line,
           {row.calls > 0 ? number(static_cast<double>(row.allocated) * 1e-6, 2) : "",
            row.peak_memory >= 0 ? number(static_cast<double>(row.peak_memory) * 1e-6, 2) : ""});
}

size_t depth_of(const ProfileRow& module) {
  return static_cast<size_t>(std::count(module.module.begin(), module.module.end(), '.'));
}

// Leaves out the deepest modules until no more than `most` are left; gives how many went.
size_t cut_tree(std::vector<ProfileRow>& modules, size_t most) {
  const size_t before = modules.size();
  while (modules.size() > most) {
    size_t deepest = 0;
    for (const ProfileRow& m : modules) deepest = std::max(deepest, depth_of(m));
    if (deepest == 0) break;
    std::erase_if(modules, [&](const ProfileRow& m) { return depth_of(m) == deepest; });
  }
  return before - modules.size();
}

// Adds the lines of the rows; gives what is to be said below them.
std::string add_rows(Grid& grid, const Header& h, std::vector<ProfileRow> rows, double wall,
                     const ProfileTableOptions& options) {
  if (h.by_module) {
    const size_t cut = cut_tree(rows, options.rows);
    for (const ProfileRow& r : rows)
      add_line(grid, h, r.module.empty() ? "(no module)" : r.module, r, wall);
    if (cut == 0) return "";
    return std::to_string(cut) + " deeper modules are not shown; ProfileTableOptions::rows is " +
           std::to_string(options.rows) + "\n";
  }
  sort_rows(rows, options.sort);
  for (size_t i = 0; i < std::min(options.rows, rows.size()); ++i)
    add_line(grid, h, label_of(rows[i]), rows[i], wall);
  if (rows.size() > options.rows)
    add_line(grid, h, "(" + std::to_string(rows.size() - options.rows) + " more)",
             sum_of(rows, options.rows), wall);
  return "";
}

}  // namespace

std::string Profile::table(const ProfileTableOptions& options) const {
  int64_t within = 0, between = 0, profiler = 0;  // the second: of ranges, on all threads
  ProfileRow ops;
  for (const ProfileEvent& e : events_) {
    if (e.thread == 0 && e.depth == 0) within += e.duration_ns + e.after_ns;
    if (e.thread == 0) profiler += e.after_ns;
    if (e.kind == ProfileKind::kRange) between += e.self_ns;
    if (e.kind == ProfileKind::kOp) add_event(ops, e, Origin{});
  }
  const Header header{options.by == ProfileBy::kModule, options.by == ProfileBy::kOpAndModule,
                      ops.peak_memory >= 0};
  Grid grid{{titles_of(header)}, header.has_module ? size_t{2} : size_t{1}};
  const std::string note = add_rows(grid, header, rows(options.by), seconds_, options);
  if (header.by_module && between > 0)
    add_line(grid, header, "(between)", ProfileRow{.seconds = static_cast<double>(between) * 1e-9},
             seconds_);
  const double outside = std::max(0.0, seconds_ - static_cast<double>(within) * 1e-9);
  add_line(grid, header, "(profiler)", ProfileRow{.seconds = static_cast<double>(profiler) * 1e-9},
           seconds_);
  add_line(grid, header, "(outside)", ProfileRow{.seconds = outside}, seconds_);
  std::string text = grid.text() + note;
  text += number(seconds_ * 1e3, 3) + " ms on " + std::to_string(std::max(threads_, 1)) +
          (threads_ > 1 ? " threads" : " thread") + ", " + number(ops.seconds * 1e3, 3) +
          " ms of it in " + std::to_string(ops.calls) +
          " ops: " + number(static_cast<double>(ops.bytes) * 1e-9, 3) + " GB, " +
          number(ops.flops * 1e-9, 3) + " GFLOP, " +
          (ops.flops > 0 ? rate(ops.flops, seconds_) : "0") + " GFLOP/s\n";
  if (is_full_) text += "The recording is not complete: ProfileOptions::max_events was reached.\n";
  return text;
}

}  // namespace rush
