// Files: reading one whole, and replacing one so that a crash, a full disk or a kill leaves either
// the old content or the new, never a mixture. All errors are IoError and begin with the operation
// and the path: `load: weights.safetensors: cannot open: No such file or directory`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace rush {

// An open file for reading at offsets. Only regular files; the size is that at opening.
class InputFile {
 public:
  InputFile(std::string_view op, const std::string& path);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  uint64_t size() const { return size_; }
  // Fills [out, out + n) from `offset`; IoError when the file ends before.
  void read(uint64_t offset, void* out, size_t n) const;
  // `op: path: ` and what is wrong.
  [[noreturn]] void bad(const std::string& what) const;

 private:
  std::string op_, path_;
  int fd_ = -1;
  uint64_t size_ = 0;
};

// The whole content; IoError when it is longer than `limit`.
std::string read_file(std::string_view op, const std::string& path, uint64_t limit = 1ull << 32);

// Writes a temporary file in the same folder; commit() syncs it to disk and renames it over `path`.
// Without a commit (an exception, say) the temporary file is removed and `path` is untouched. What
// `path` links to is replaced, not the link; its permissions are kept. Other things than regular
// files (devices, folders) are refused.
class AtomicFile {
 public:
  AtomicFile(std::string_view op, const std::string& path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(const void* data, size_t n);
  void write(std::string_view text) { write(text.data(), text.size()); }
  void commit();

 private:
  void step(const char* name);
  [[noreturn]] void failed(const char* what);

  std::string op_, path_, temporary_;
  int fd_ = -1;
};

void write_file(std::string_view op, const std::string& path, std::string_view content);

namespace detail {
// For tests: called before each system call of an AtomicFile; may throw, or end the process.
void set_atomic_file_hook(void (*hook)(const char* step));
}  // namespace detail

}  // namespace rush
