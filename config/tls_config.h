#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace proctor {

class Mistakes;
struct YamlValue;

/// What is asked of a client's certificate, by the names of Go's crypto/tls.
enum class ClientAuth : std::uint8_t {
  no_client_cert,
  request_client_cert,          // asked for, anything is taken
  require_any_client_cert,      // there must be one, whoever signed it
  verify_client_cert_if_given,  // none, or one signed by client_ca_file
  require_and_verify_client_cert
};

enum class TlsVersion : std::uint8_t { tls12, tls13 };

/// `tls_server_config` of the Prometheus exporter toolkit.
struct TlsConfig {
  std::filesystem::path cert_file;  // PEM, leaf first
  std::filesystem::path key_file;
  std::filesystem::path client_ca_file;  // empty: none
  ClientAuth client_auth = ClientAuth::no_client_cert;
  TlsVersion min_version = TlsVersion::tls12;
  TlsVersion max_version = TlsVersion::tls13;
  std::vector<std::string> cipher_suites;      // of TLS 1.2, by their standard names; empty: those of the library
  std::vector<std::string> curve_preferences;  // "X25519", "CurveP256", ...; empty: those of the library

  friend bool operator==(const TlsConfig&, const TlsConfig&) = default;
};

/// Reads it; `folder` is where relative paths begin. Mistakes are noted.
TlsConfig read_tls_config(const YamlValue& value, const std::filesystem::path& folder, Mistakes& mistakes);

}  // namespace proctor
