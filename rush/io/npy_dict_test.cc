// Dictionaries of arrays as NumPy pickles them, and what a pickle might try instead.
#include "rush/io/npy_dict.h"

#include <gtest/gtest.h>

#include <random>

namespace rush::io {
namespace {

using Values = std::vector<double>;

// Python: pickle.dumps(np.array(d, dtype=object), protocol), in hexadecimal. Of 2 and 5:
// {"w": float32 [2, 2], "b": float64 [2, 3] in Fortran order, "n": big-endian int32, "e": [0, 2]},
// of 3 and 4: {"w": [1.5, -2]}. The last one calls os.system when Python loads it.
constexpr const char* kProtocol2 =
    "8002636e756d70792e5f636f72652e6d756c746961727261790a5f7265636f6e7374727563740a7100636e75"
    "6d70790a6e6461727261790a71014b00857102635f636f646563730a656e636f64650a710358010000006271"
    "0458060000006c6174696e317105867106527107877108527109284b0129636e756d70790a64747970650a71"
    "0a58020000004f38710b898887710c52710d284b0358010000007c710e4e4e4e4affffffff4affffffff4b3f"
    "74710f62895d71107d7111285801000000777112680068014b008571136807877114527115284b014b024b02"
    "867116680a5802000000663471178988877118527119284b0358010000003c711a4e4e4e4affffffff4affff"
    "ffff4b0074711b628968035811000000000000000000c2803f0000004000004040711c680586711d52711e74"
    "711f625801000000627120680068014b008571216807877122527123284b014b024b03867124680a58020000"
    "00663871258988877126527127284b03681a4e4e4e4affffffff4affffffff4b007471286288680358310000"
    "0000000000000000000000000000000840000000000000c3b03f000000000000104000000000000000400000"
    "0000000014407129680586712a52712b74712c6258010000006e712d680068014b0085712e680787712f5271"
    "30284b0129680a5802000000693471318988877132527133284b0358010000003e71344e4e4e4affffffff4a"
    "ffffffff4b00747135628968035808000000c3bfc3bfc3bec394713668058671375271387471396258010000"
    "0065713a680068014b0085713b680787713c52713d284b014b004b0286713e681989635f5f6275696c74696e"
    "5f5f0a62797465730a713f29527140747141627561747142622e";
constexpr const char* kProtocol3 =
    "8003636e756d70792e5f636f72652e6d756c746961727261790a5f7265636f6e7374727563740a7100636e75"
    "6d70790a6e6461727261790a71014b008571024301627103877104527105284b0129636e756d70790a647479"
    "70650a710658020000004f3871078988877108527109284b0358010000007c710a4e4e4e4affffffff4affff"
    "ffff4b3f74710b62895d710c7d710d580100000077710e680068014b0085710f6803877110527111284b014b"
    "0285711268065802000000663471138988877114527115284b0358010000003c71164e4e4e4affffffff4aff"
    "ffffff4b00747117628943080000c03f000000c0711874711962736174711a622e";
constexpr const char* kProtocol4 =
    "800495d7000000000000008c166e756d70792e5f636f72652e6d756c74696172726179948c0c5f7265636f6e"
    "7374727563749493948c056e756d7079948c076e6461727261799493944b0085944301629487945294284b01"
    "2968038c0564747970659493948c024f3894898887945294284b038c017c944e4e4e4affffffff4affffffff"
    "4b3f749462895d947d948c017794680268054b008594680787945294284b014b028594680b8c026634948988"
    "87945294284b038c013c944e4e4e4affffffff4affffffff4b007494628943080000c03f000000c094749462"
    "73617494622e";
constexpr const char* kProtocol5 =
    "800595d7010000000000008c166e756d70792e5f636f72652e6d756c74696172726179948c0c5f7265636f6e"
    "7374727563749493948c056e756d7079948c076e6461727261799493944b0085944301629487945294284b01"
    "2968038c0564747970659493948c024f3894898887945294284b038c017c944e4e4e4affffffff4affffffff"
    "4b3f749462895d947d94288c0177948c136e756d70792e5f636f72652e6e756d65726963948c0b5f66726f6d"
    "62756666657294939428961000000000000000000000000000803f000000400000404094680b8c0266349489"
    "8887945294284b038c013c944e4e4e4affffffff4affffffff4b007494624b024b0286948c01439474945294"
    "8c01629468162896300000000000000000000000000000000000000000000840000000000000f03f00000000"
    "000010400000000000000040000000000000144094680b8c02663894898887945294284b03681b4e4e4e4aff"
    "ffffff4affffffff4b007494624b024b0386948c014694749452948c016e94681628960400000000000000ff"
    "fffed494680b8c02693494898887945294284b038c013e944e4e4e4affffffff4affffffff4b007494622968"
    "1e749452948c01659468162896000000000000000094681a4b004b028694681e7494529475617494622e";
constexpr const char* kSystemCall =
    "80049526000000000000007d948c0177948c05706f736978948c0673797374656d9493948c04747275659485"
    "945294732e";

std::string bytes(const std::string& hex) {
  std::string out;
  for (size_t i = 0; i < hex.size(); i += 2)
    out += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return out;
}

std::string error_of(const std::string& pickle) {
  try {
    detail::parse_array_dict("x: ", pickle);
  } catch (const IoError& e) {
    return e.what();
  }
  return "no error";
}

TEST(NpyDict, ReadsWhatNumpyWrites) {
  for (const char* hex : {kProtocol2, kProtocol5}) {
    const State state = detail::parse_array_dict("x: ", bytes(hex));
    ASSERT_EQ(state.size(), 4u);
    EXPECT_EQ(state[0].first, "w");
    EXPECT_EQ(state[0].second.dtype(), float32);
    EXPECT_EQ(state[0].second.shape(), (Shape{2, 2}));
    EXPECT_EQ(state[0].second.to_vector(), (Values{0, 1, 2, 3}));
    EXPECT_EQ(state[1].second.dtype(), float64);
    EXPECT_EQ(state[1].second.to_vector(), (Values{0, 1, 2, 3, 4, 5}));
    EXPECT_EQ(state[2].second.item<int64_t>(), -300);
    EXPECT_EQ(state[3].second.shape(), (Shape{0, 2}));
  }
  for (const char* hex : {kProtocol3, kProtocol4})
    EXPECT_EQ(detail::parse_array_dict("x: ", bytes(hex))[0].second.to_vector(), (Values{1.5, -2}));
}

TEST(NpyDict, RunsNothing) {
  EXPECT_EQ(error_of(bytes(kSystemCall)),
            "x: the file names posix.system, which has no place in a dictionary of arrays; refused "
            "(byte 35 of the pickle)");
  EXPECT_EQ(
      error_of("\x80\x02(i__builtin__\neval\n."),
      "x: instruction 105 ('i') is not needed for a dictionary of arrays and is refused (byte "
      "4 of the pickle)");
  EXPECT_NE(error_of(std::string("\x80\x02}}\x81.")).find("refused"), std::string::npos);
}

TEST(NpyDict, RefusesOtherThings) {
  EXPECT_NE(error_of("").find("cut off"), std::string::npos);
  EXPECT_NE(error_of("\x80\x02K\x01.").find("no dictionary"), std::string::npos);
  EXPECT_NE(error_of("\x80\x02}X\x01").find("cut off"), std::string::npos);
  EXPECT_NE(error_of(std::string("\x80\x02}U\x01wK\x01s.")).find("value of 'w' is no array"),
            std::string::npos);
  EXPECT_NE(error_of("\x80\x07.").find("protocol 7"), std::string::npos);
}

// A list that holds itself, and lists in lists.
TEST(NpyDict, SurvivesKnots) {
  EXPECT_NE(error_of(std::string("\x80\x04]\x94h\0a.", 8)), "");
  EXPECT_NE(error_of("\x80\x02)" + std::string(1 << 20, '\x85') + "."), "");
}

std::string text(const std::string& s) {
  const auto size = static_cast<uint32_t>(s.size());
  return "X" + std::string(reinterpret_cast<const char*>(&size), 4) + s;
}
const std::string kGet("h\0", 2), kPut("q\0", 2), kStart = "\x80\x02}(";

// Arrays are copied for every name: few instructions must not ask for endless memory.
TEST(NpyDict, BoundsCopiesOfOneArray) {
  const auto dict_of = [](int names) {
    std::string pickle = kStart + text("w") + "cnumpy.core.numeric\n_frombuffer\n(" +
                         text(std::string(4000, 'x')) + "cnumpy\ndtype\n(" + text("u1") + "tR(M" +
                         "\xa0\x0ft" + text("C") + "tR" + kPut;
    for (int i = 1; i < names; ++i) pickle += text("w" + std::to_string(i)) + kGet;
    return pickle + "u.";
  };
  EXPECT_EQ(detail::parse_array_dict("x: ", dict_of(10)).size(), 10u);
  EXPECT_NE(error_of(dict_of(1000)).find("16 times the memory"), std::string::npos);
}

TEST(NpyDict, BoundsConvertedText) {
  std::string pickle = "\x80\x02(" + text(std::string(4000, 'x')) + kPut;
  for (int i = 0; i < 1000; ++i) pickle += "c_codecs\nencode\n(" + kGet + text("latin1") + "tR";
  EXPECT_NE(error_of(pickle + "t.").find("again and again"), std::string::npos);
}

TEST(NpyDict, DamagedFilesAreErrorsOrRead) {
  std::mt19937 random(7);
  for (const char* hex : {kProtocol2, kProtocol5}) {
    const std::string good = bytes(hex);
    for (int i = 0; i < 3000; ++i) {
      std::string bad = good;
      for (int k = 0; k < 3; ++k) bad[random() % bad.size()] = static_cast<char>(random());
      if (i % 3 == 0) bad.resize(random() % bad.size());
      EXPECT_NE(error_of(bad), "");
    }
  }
}

}  // namespace
}  // namespace rush::io
