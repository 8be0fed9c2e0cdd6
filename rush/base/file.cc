#include "rush/base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "rush/base/error.h"

namespace rush {
namespace {

std::atomic<void (*)(const char*)> step_hook{nullptr};

// Large writes are cut, so that no system's limit of one call is met.
constexpr size_t kLargestCall = size_t{1} << 30;

std::string system_text(int error) { return std::generic_category().message(error); }

// The file that `path` means once links are followed; `path` itself when there is none yet.
std::string resolve(const std::string& path) {
  std::error_code error;
  const auto target = std::filesystem::canonical(path, error);
  return error ? path : target.string();
}

std::string folder_of(const std::string& path) {
  const auto folder = std::filesystem::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

// Best effort: some file systems cannot sync a folder, and the rename has happened by then.
void sync_folder(const std::string& folder) {
  const int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  fsync(fd);
  close(fd);
}

}  // namespace

InputFile::InputFile(std::string_view op, const std::string& path) : op_(op), path_(path) {
  fd_ = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // a pipe must not block
  if (fd_ < 0) bad("cannot open: " + system_text(errno));
  struct stat info;
  const bool is_file = fstat(fd_, &info) == 0 && S_ISREG(info.st_mode);
  if (!is_file) {
    close(fd_);
    bad("is not a regular file");
  }
  size_ = static_cast<uint64_t>(info.st_size);
}

InputFile::~InputFile() { close(fd_); }

void InputFile::bad(const std::string& what) const { fail<IoError>(op_, ": ", path_, ": ", what); }

void InputFile::read(uint64_t offset, void* out, size_t n) const {
  auto* to = static_cast<char*>(out);
  while (n > 0) {
    const ssize_t got =
        pread(fd_, to, n < kLargestCall ? n : kLargestCall, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) bad("cannot read: " + system_text(errno));
    if (got == 0) bad("ends at byte " + std::to_string(offset) + ", too early");
    to += got;
    offset += static_cast<uint64_t>(got);
    n -= static_cast<size_t>(got);
  }
}

std::string read_file(std::string_view op, const std::string& path, uint64_t limit) {
  const InputFile file(op, path);
  if (file.size() > limit)
    file.bad("has " + std::to_string(file.size()) + " bytes, the limit is " +
             std::to_string(limit));
  std::string content(file.size(), '\0');
  file.read(0, content.data(), content.size());
  return content;
}

AtomicFile::AtomicFile(std::string_view op, const std::string& path)
    : op_(op), path_(resolve(path)) {
  static std::atomic<unsigned> count{0};
  struct stat old;
  const bool exists = stat(path_.c_str(), &old) == 0;
  if (exists && !S_ISREG(old.st_mode)) fail<IoError>(op_, ": ", path_, ": is not a regular file");
  temporary_ = path_ + ".tmp" + std::to_string(getpid()) + "." + std::to_string(count++);
  step("create");
  fd_ = open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (fd_ < 0) failed("cannot create a file in its folder");
  if (exists) (void)!fchmod(fd_, old.st_mode & 07777);
}

AtomicFile::~AtomicFile() {
  if (fd_ < 0) return;
  close(fd_);
  unlink(temporary_.c_str());
}

void AtomicFile::write(const void* data, size_t n) {
  auto* from = static_cast<const char*>(data);
  while (n > 0) {
    step("write");
    const ssize_t put = ::write(fd_, from, n < kLargestCall ? n : kLargestCall);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) failed("cannot write");
    from += put;
    n -= static_cast<size_t>(put);
  }
}

void AtomicFile::commit() {
  step("sync");
  if (fsync(fd_) != 0) failed("cannot write to disk");
  step("rename");
  if (rename(temporary_.c_str(), path_.c_str()) != 0) failed("cannot be replaced");
  close(fd_);
  fd_ = -1;
  step("sync folder");
  sync_folder(folder_of(path_));
}

void AtomicFile::step(const char* name) {
  if (auto* hook = step_hook.load()) hook(name);
}

void AtomicFile::failed(const char* what) {
  const int error = errno;
  fail<IoError>(op_, ": ", path_, ": ", what, ": ", system_text(error),
                "; what was there before is unchanged");
}

void write_file(std::string_view op, const std::string& path, std::string_view content) {
  AtomicFile file(op, path);
  file.write(content);
  file.commit();
}

void detail::set_atomic_file_hook(void (*hook)(const char* step)) { step_hook = hook; }

}  // namespace rush
