// Downloads from a small HTTP server in this process, which can refuse ranges, break off and lie.
#include "rush/data/download.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "rush/base/error.h"
#include "rush/base/file.h"
#include "rush/data/sha256.h"

namespace rush::data {
namespace {

namespace fs = std::filesystem;

class Server {
 public:
  std::string content;
  std::atomic<bool> takes_ranges{true};
  std::atomic<size_t> breaks_after{1 << 30};  // bytes of body sent before the line is cut
  std::atomic<int> requests{0};
  std::atomic<size_t> sent{0};

  Server() {
    socket_ = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    (void)!bind(socket_, reinterpret_cast<sockaddr*>(&address), size);
    listen(socket_, 8);
    getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~Server() {
    shutdown(socket_, SHUT_RDWR);
    thread_.join();
    close(socket_);
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/file"; }

 private:
  void serve() {
    int client;
    while ((client = accept(socket_, nullptr, nullptr)) >= 0) {
      answer(client);
      close(client);
    }
  }
  void answer(int client) {
    std::string request(4096, '\0');
    const ssize_t got = recv(client, request.data(), request.size(), 0);
    request.resize(got > 0 ? static_cast<size_t>(got) : 0);
    ++requests;
    size_t from = 0;
    const size_t range = request.find("Range: bytes=");
    if (range != std::string::npos && takes_ranges)
      from = std::strtoul(request.c_str() + range + 13, nullptr, 10);
    const std::string body = content.substr(std::min(from, content.size()));
    std::string head = from == 0
                           ? "HTTP/1.1 200 OK\r\n"
                           : "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes " +
                                 std::to_string(from) + "-" + std::to_string(content.size() - 1) +
                                 "/" + std::to_string(content.size()) + "\r\n";
    head += "Connection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n";
    const std::string part = body.substr(0, breaks_after);
    sent = part.size();
    (void)!send(client, head.data(), head.size(), MSG_NOSIGNAL);
    (void)!send(client, part.data(), part.size(), MSG_NOSIGNAL);
  }
  int socket_, port_;
  std::thread thread_;
};

class DownloadTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!RUSH_WITH_CURL) GTEST_SKIP() << "built without libcurl";
    unsetenv("http_proxy");
    std::string name = (fs::temp_directory_path() / "rush_get_XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = fs::path(name) / "new" / "folder";
    server_.content = std::string(5000, 'a') + std::string(5000, 'b');
  }
  void TearDown() override {
    if (!folder_.empty()) fs::remove_all(folder_.parent_path().parent_path());
  }
  Download file() {
    return {"file", {server_.url()}, sha256(server_.content), server_.content.size()};
  }
  void get(const Download& file) { download(folder_.string(), {file}); }
  std::string error(const Download& file) {
    try {
      get(file);
    } catch (const IoError& e) {
      return e.what();
    }
    return "no error";
  }
  bool has(const char* name) { return fs::exists(folder_ / name); }
  std::string content() { return read_file("test", (folder_ / "file").string()); }
  fs::path folder_;
  Server server_;
};

TEST_F(DownloadTest, GetsAFile) {
  get(file());
  EXPECT_EQ(content(), server_.content);
  EXPECT_FALSE(has("file.part"));
}

TEST_F(DownloadTest, GoesOnWhereABrokenTransferStopped) {
  server_.breaks_after = 4000;
  EXPECT_NE(error(file()).find("file could not be had"), std::string::npos);
  EXPECT_TRUE(has("file.part"));
  EXPECT_FALSE(has("file"));
  server_.breaks_after = 1 << 30;
  get(file());
  EXPECT_EQ(content(), server_.content);
  EXPECT_EQ(server_.sent, 6000u);
}

TEST_F(DownloadTest, StartsAgainWhereRangesAreRefused) {
  server_.breaks_after = 4000;
  error(file());
  server_.breaks_after = 1 << 30;
  server_.takes_ranges = false;
  get(file());
  EXPECT_EQ(content(), server_.content);
}

TEST_F(DownloadTest, StartsAgainWhenThePartWasWrong) {
  fs::create_directories(folder_);
  write_file("test", (folder_ / "file.part").string(), std::string(100, 'x'));
  get(file());
  EXPECT_EQ(content(), server_.content);
}

TEST_F(DownloadTest, AWholePartNeedsNoTransfer) {
  fs::create_directories(folder_);
  write_file("test", (folder_ / "file.part").string(), server_.content);
  get(file());
  EXPECT_EQ(server_.requests, 0);
  EXPECT_EQ(content(), server_.content);
}

TEST_F(DownloadTest, RefusesAnAlteredFile) {
  Download wanted = file();
  server_.content[17] = 'X';
  EXPECT_NE(error(wanted).find("SHA-256 should be " + wanted.sha256), std::string::npos);
  EXPECT_FALSE(has("file"));
  EXPECT_FALSE(has("file.part"));
}

TEST_F(DownloadTest, RefusesMoreBytesThanExpected) {
  Download wanted = file();
  server_.content += "more";
  EXPECT_NE(error(wanted).find("more bytes came"), std::string::npos);
}

TEST_F(DownloadTest, TakesTheNextMirror) {
  Download wanted = file();
  wanted.urls.insert(wanted.urls.begin(), "file:///no/such/file");
  get(wanted);
  EXPECT_EQ(content(), server_.content);
}

TEST_F(DownloadTest, OfflineSaysWhatToPlaceByHand) {
  Download wanted = file();
  wanted.urls = {"http://127.0.0.1:1/file"};
  const std::string text = error(wanted);
  EXPECT_NE(text.find("http://127.0.0.1:1/file: "), std::string::npos) << text;
  EXPECT_NE(text.find("To place by hand into " + folder_.string() + ": file"), std::string::npos)
      << text;
}

}  // namespace
}  // namespace rush::data
