#include "rush/data/download.h"

#include <filesystem>

#include "rush/base/error.h"
#include "rush/data/sha256.h"

#if RUSH_WITH_CURL
#include <curl/curl.h>

#include <cstdio>
#include <memory>
#endif

namespace rush::data {
namespace {

namespace fs = std::filesystem;

#if RUSH_WITH_CURL

constexpr long kConnectSeconds = 15, kStalledSeconds = 30, kMostRedirects = 8;

struct Sink {
  FILE* file;
  uint64_t written, limit;
};

// curl's callback: fewer bytes taken than came means stop.
size_t take(char* data, size_t size, size_t count, void* context) {
  auto& sink = *static_cast<Sink*>(context);
  const size_t n = size * count;
  sink.written += n;
  if (sink.limit != 0 && sink.written > sink.limit) return n == 0 ? 1 : 0;
  return std::fwrite(data, 1, n, sink.file);
}

void set_options(CURL* curl, const std::string& url, Sink& sink, uint64_t offset) {
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https,file");
  curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(curl, CURLOPT_MAXREDIRS, kMostRedirects);
  curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, kStalledSeconds);
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "rushlight/" RUSH_VERSION);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &sink);
  curl_easy_setopt(curl, CURLOPT_RESUME_FROM_LARGE, static_cast<curl_off_t>(offset));
}

struct Outcome {
  std::string reason{};      // why it failed; empty when all went well
  bool is_part_bad = false;  // what is in the part file cannot be gone on with
};

// Appends to `part` what is missing.
Outcome transfer(const std::string& url, const fs::path& part, uint64_t limit) {
  std::error_code error;
  const uint64_t offset = fs::exists(part, error) ? fs::file_size(part, error) : 0;
  const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(part.c_str(), "ab"), std::fclose);
  if (!file) return {"cannot write " + part.string()};
  const std::unique_ptr<CURL, void (*)(CURL*)> curl(curl_easy_init(), curl_easy_cleanup);
  if (!curl) return {"libcurl does not start"};
  Sink sink{file.get(), offset, limit};
  set_options(curl.get(), url, sink, offset);
  const CURLcode status = curl_easy_perform(curl.get());
  if (std::fflush(file.get()) != 0) return {"cannot write " + part.string()};
  if (status == CURLE_OK) return {};
  if (limit != 0 && sink.written > limit)
    return {"more bytes came than the file should have", true};
  // The server sends no ranges, or has no bytes behind those that are here.
  const bool is_range_refused =
      status == CURLE_RANGE_ERROR || status == CURLE_HTTP_RETURNED_ERROR ||
      status == CURLE_BAD_DOWNLOAD_RESUME || status == CURLE_FILE_COULDNT_READ_FILE;
  return {curl_easy_strerror(status), offset > 0 && is_range_refused};
}

std::string check(const fs::path& part, const Download& file) {
  if (file.sha256.empty()) return {};
  const std::string found = sha256_of_file(part.string());
  if (found == file.sha256) return {};
  return "SHA-256 should be " + file.sha256 + ", found " + found;
}

// One mirror: first going on with the part that is there; where that cannot be right, once more
// from the start. A part cut short by the network stays for the next try.
std::string try_mirror(const std::string& url, const fs::path& part, const Download& file) {
  std::error_code error;
  const bool resumes = fs::exists(part, error) && fs::file_size(part, error) > 0;
  if (resumes && !file.sha256.empty() && check(part, file).empty()) return {};
  Outcome outcome = transfer(url, part, file.bytes);
  if (outcome.reason.empty()) {
    outcome.reason = check(part, file);
    outcome.is_part_bad = !outcome.reason.empty();
  }
  if (!outcome.is_part_bad) return outcome.reason;
  fs::remove(part, error);
  return resumes ? try_mirror(url, part, file) : outcome.reason;
}

#else

std::string try_mirror(const std::string&, const fs::path&, const Download&) {
  return "this build has no libcurl";
}

#endif

void download_one(const fs::path& folder, const Download& file, const std::string& by_hand) {
  const fs::path target = folder / file.name, part = folder / (file.name + ".part");
  std::string reasons;
  for (const std::string& url : file.urls) {
    const std::string reason = try_mirror(url, part, file);
    if (reason.empty()) {
      std::error_code error;
      fs::rename(part, target, error);
      if (error) fail<IoError>("download: ", target.string(), ": ", error.message());
      return;
    }
    reasons += "\n  " + url + ": " + reason;
  }
  fail<IoError>("download: ", file.name, " could not be had:", reasons, by_hand);
}

}  // namespace

void download(const std::string& folder, const std::vector<Download>& files) {
  if (files.empty()) return;
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) fail<IoError>("download: ", folder, ": cannot be made: ", error.message());
  std::string by_hand = "\nTo place by hand into " + folder + ":";
  for (const Download& file : files) by_hand += " " + file.name;
  for (const Download& file : files) download_one(folder, file, by_hand);
}

}  // namespace rush::data
