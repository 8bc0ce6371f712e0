#include "services/s3/checksums.h"

#include <zlib.h>

#include <bit>
#include <cstring>

#include "base/result.h"
#include "base/text.h"
#include "store/checksum.h"

namespace mayfly::s3 {
namespace {

static_assert(std::endian::native == std::endian::little, "the tables below take words in little-endian order");

// Generator polynomials, bits reversed.
constexpr uint64_t kCrc32Polynomial = 0xedb88320;
constexpr uint64_t kCrc32cPolynomial = 0x82f63b78;
constexpr uint64_t kCrc64Polynomial = 0x9a6c9329ac4bc9b5;

// kCrc64Tables[k][b]: the checksum of byte b followed by k zero bytes, so that eight bytes are looked up at once.
const auto& Crc64Tables() {
  static const auto tables = [] {
    auto made = std::array<std::array<uint64_t, 256>, 8>{};
    for (uint64_t byte = 0; byte < 256; ++byte) {
      uint64_t sum = byte;
      for (int bit = 0; bit < 8; ++bit) sum = (sum >> 1) ^ (sum & 1 ? kCrc64Polynomial : 0);
      made[0][byte] = sum;
    }
    for (size_t k = 1; k < 8; ++k) {
      for (size_t byte = 0; byte < 256; ++byte) made[k][byte] = (made[k - 1][byte] >> 8) ^ made[0][made[k - 1][byte] & 0xff];
    }
    return made;
  }();
  return tables;
}

uint64_t Crc64(uint64_t before, std::string_view bytes) {
  const auto& tables = Crc64Tables();
  uint64_t sum = ~before;
  while (bytes.size() >= 8) {
    uint64_t word;
    std::memcpy(&word, bytes.data(), sizeof word);
    word ^= sum;
    sum = 0;
    for (size_t i = 0; i < 8; ++i) sum ^= tables[7 - i][(word >> (8 * i)) & 0xff];
    bytes.remove_prefix(8);
  }
  for (const char c : bytes) sum = (sum >> 8) ^ tables[0][(sum ^ static_cast<unsigned char>(c)) & 0xff];
  return ~sum;
}

// Row n of a matrix over GF(2): what becomes of bit n.
using Matrix = std::array<uint64_t, 64>;

uint64_t Times(const Matrix& matrix, uint64_t vector) {
  uint64_t sum = 0;
  for (size_t bit = 0; vector != 0; vector >>= 1, ++bit) {
    if (vector & 1) sum ^= matrix[bit];
  }
  return sum;
}

Matrix Squared(const Matrix& matrix) {
  Matrix square{};
  for (size_t bit = 0; bit < square.size(); ++bit) square[bit] = Times(matrix, matrix[bit]);
  return square;
}

// What `crc` becomes when `zero_bytes` zero bytes follow.
uint64_t Shifted(uint64_t crc, uint64_t polynomial, size_t width, uint64_t zero_bytes) {
  Matrix step{};  // one zero bit
  step[0] = polynomial;
  for (size_t bit = 1; bit < width; ++bit) step[bit] = uint64_t{1} << (bit - 1);
  for (int doubling = 0; doubling < 3; ++doubling) step = Squared(step);
  for (; zero_bytes != 0; zero_bytes >>= 1, step = Squared(step)) {
    if (zero_bytes & 1) crc = Times(step, crc);
  }
  return crc;
}

std::string BigEndian(uint64_t value, size_t bytes) {
  std::string out(bytes, '\0');
  for (size_t i = bytes; i-- > 0; value >>= 8) out[i] = static_cast<char>(value & 0xff);
  return out;
}

uint64_t FromBigEndian(std::string_view bytes) {
  uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

}  // namespace

std::string_view NameOf(ChecksumKind kind) {
  switch (kind) {
    case ChecksumKind::Crc32: return "CRC32";
    case ChecksumKind::Crc32c: return "CRC32C";
    case ChecksumKind::Crc64Nvme: return "CRC64NVME";
    case ChecksumKind::Sha1: return "SHA1";
    case ChecksumKind::Sha256: return "SHA256";
  }
  return {};
}

std::optional<ChecksumKind> ChecksumNamed(std::string_view name) {
  for (const ChecksumKind kind : kChecksumKinds) {
    if (EqualIgnoringCase(NameOf(kind), name)) return kind;
  }
  return std::nullopt;
}

std::string HeaderOf(ChecksumKind kind) { return "x-amz-checksum-" + LowerCase(NameOf(kind)); }

size_t DigestBytes(ChecksumKind kind) {
  switch (kind) {
    case ChecksumKind::Crc32:
    case ChecksumKind::Crc32c: return 4;
    case ChecksumKind::Crc64Nvme: return 8;
    case ChecksumKind::Sha1: return 20;
    case ChecksumKind::Sha256: return 32;
  }
  return 0;
}

bool IsCrc(ChecksumKind kind) { return kind != ChecksumKind::Sha1 && kind != ChecksumKind::Sha256; }

bool MayBe(ChecksumKind kind, std::string_view type) {
  if (type == kFullObject) return IsCrc(kind);
  return type == kComposite && kind != ChecksumKind::Crc64Nvme;
}

ChecksumStream::ChecksumStream(ChecksumKind kind) : kind_(kind) {
  if (!IsCrc(kind)) digest_.emplace(kind == ChecksumKind::Sha1 ? DigestKind::Sha1 : DigestKind::Sha256);
}

void ChecksumStream::Update(std::string_view bytes) {
  switch (kind_) {
    case ChecksumKind::Crc32: crc_ = ::crc32_z(crc_, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()); return;
    case ChecksumKind::Crc32c: crc_ = store::Crc32c(bytes, static_cast<uint32_t>(crc_)); return;
    case ChecksumKind::Crc64Nvme: crc_ = Crc64(crc_, bytes); return;
    default: digest_->Update(bytes);
  }
}

std::string ChecksumStream::Finish() { return digest_ ? digest_->Finish() : BigEndian(crc_, DigestBytes(kind_)); }

std::string ChecksumOf(ChecksumKind kind, std::string_view bytes) {
  ChecksumStream stream(kind);
  stream.Update(bytes);
  return stream.Finish();
}

std::string CombineDigests(ChecksumKind kind, std::string_view first, std::string_view second, uint64_t second_bytes) {
  MF_ASSERT(IsCrc(kind));
  const size_t bytes = DigestBytes(kind);
  const uint64_t polynomial = kind == ChecksumKind::Crc32 ? kCrc32Polynomial : kind == ChecksumKind::Crc32c ? kCrc32cPolynomial : kCrc64Polynomial;
  return BigEndian(Shifted(FromBigEndian(first), polynomial, bytes * 8, second_bytes) ^ FromBigEndian(second), bytes);
}

}  // namespace mayfly::s3
