#include "agent/http/tls_contexts.h"

#include <openssl/err.h>
#include <sys/stat.h>

#include <string_view>
#include <system_error>

namespace proctor {
namespace {

/// What the library says of a failure; it keeps its complaints by thread, the cause first.
std::string complaint() {
  const unsigned long code = ERR_peek_error();
  ERR_clear_error();
  if (ERR_SYSTEM_ERROR(code)) return std::generic_category().message(ERR_GET_REASON(code));
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : fmt::format("error {:x}", code);
}

int number(TlsVersion version) { return version == TlsVersion::tls12 ? TLS1_2_VERSION : TLS1_3_VERSION; }

/// The library's own name of a cipher suite; empty for one that it does not have.
std::string_view name_of_suite(const SSL_CTX* context, std::string_view standard_name) {
  const STACK_OF(SSL_CIPHER)* all = SSL_CTX_get_ciphers(context);
  for (int i = 0; i < sk_SSL_CIPHER_num(all); ++i) {
    const SSL_CIPHER* suite = sk_SSL_CIPHER_value(all, i);
    if (const char* name = SSL_CIPHER_standard_name(suite); name != nullptr && name == standard_name) {
      return SSL_CIPHER_get_name(suite);
    }
  }
  return {};
}

Result<void> set_cipher_suites(SSL_CTX* context, const TlsConfig& config) {
  std::string list;
  for (const std::string& suite : config.cipher_suites) {
    // Those of TLS 1.3 are not configured: each is good.
    if (suite.starts_with("TLS_AES_") || suite.starts_with("TLS_CHACHA20_")) continue;
    const std::string_view name = name_of_suite(context, suite);
    if (name.empty()) {
      return fail(ErrorCode::invalid_argument, "tls_server_config.cipher_suites: {} is not served", suite);
    }
    list += fmt::format("{}{}", list.empty() ? "" : ":", name);
  }
  if (!list.empty() && SSL_CTX_set_cipher_list(context, list.c_str()) != 1) {
    return fail(ErrorCode::invalid_argument, "tls_server_config.cipher_suites: {}", complaint());
  }
  return {};
}

std::string group_list(const TlsConfig& config) {
  std::string list;
  for (const std::string& curve : config.curve_preferences) {
    const std::string_view name = curve == "X25519"      ? "X25519"
                                  : curve == "CurveP256" ? "P-256"
                                  : curve == "CurveP384" ? "P-384"
                                                         : "P-521";
    list += fmt::format("{}{}", list.empty() ? "" : ":", name);
  }
  return list;
}

int take_any(int, X509_STORE_CTX*) { return 1; }

void ask_for_client_certificate(SSL_CTX* context, ClientAuth auth) {
  if (auth == ClientAuth::no_client_cert) return;
  int mode = SSL_VERIFY_PEER;
  const bool required =
      auth == ClientAuth::require_any_client_cert || auth == ClientAuth::require_and_verify_client_cert;
  const bool any = auth == ClientAuth::request_client_cert || auth == ClientAuth::require_any_client_cert;
  if (required) mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  SSL_CTX_set_verify(context, mode, any ? take_any : nullptr);
}

Result<std::shared_ptr<SSL_CTX>> make_context(const TlsConfig& config) {
  ERR_clear_error();
  std::shared_ptr<SSL_CTX> context{SSL_CTX_new(TLS_server_method()), SSL_CTX_free};
  if (!context) return fail(ErrorCode::io_error, "TLS: {}", complaint());
  SSL_CTX* raw = context.get();
  SSL_CTX_set_min_proto_version(raw, number(config.min_version));
  SSL_CTX_set_max_proto_version(raw, number(config.max_version));
  SSL_CTX_set_options(
      raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET | SSL_OP_CIPHER_SERVER_PREFERENCE);
  // Each connection carries one request: there is nothing to resume.
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(raw, 0);
  const auto wrong = [](const std::filesystem::path& file) {
    return fail(ErrorCode::invalid_argument, "tls_server_config: {}: {}", file.string(), complaint());
  };
  if (SSL_CTX_use_certificate_chain_file(raw, config.cert_file.c_str()) != 1) return wrong(config.cert_file);
  if (SSL_CTX_use_PrivateKey_file(raw, config.key_file.c_str(), SSL_FILETYPE_PEM) != 1) return wrong(config.key_file);
  if (SSL_CTX_check_private_key(raw) != 1) return wrong(config.key_file);
  if (!config.client_ca_file.empty()) {
    if (SSL_CTX_load_verify_locations(raw, config.client_ca_file.c_str(), nullptr) != 1) {
      return wrong(config.client_ca_file);
    }
    SSL_CTX_set_client_CA_list(raw, SSL_load_client_CA_file(config.client_ca_file.c_str()));
  }
  ask_for_client_certificate(raw, config.client_auth);
  PROCTOR_TRY_VOID(set_cipher_suites(raw, config));
  if (const std::string groups = group_list(config);
      !groups.empty() && SSL_CTX_set1_groups_list(raw, groups.c_str()) != 1) {
    return fail(ErrorCode::invalid_argument, "tls_server_config.curve_preferences: {}", complaint());
  }
  return context;
}

}  // namespace

std::vector<TlsContexts::FileState> TlsContexts::files() const {
  std::vector<FileState> states;
  for (const auto* file : {&config_.cert_file, &config_.key_file, &config_.client_ca_file}) {
    struct stat now {};
    FileState& state = states.emplace_back();
    if (::stat(file->c_str(), &now) != 0) continue;
    state = {.inode = now.st_ino,
             .changed_seconds = now.st_mtim.tv_sec,
             .changed_nanoseconds = now.st_mtim.tv_nsec,
             .size = now.st_size};
  }
  return states;
}

Result<std::unique_ptr<TlsContexts>> TlsContexts::open(const TlsConfig& config) {
  std::unique_ptr<TlsContexts> contexts{new TlsContexts{config}};
  contexts->read_ = contexts->files();
  contexts->context_ = PROCTOR_TRY(make_context(config));
  return contexts;
}

std::shared_ptr<SSL_CTX> TlsContexts::current() {
  const std::scoped_lock lock{mutex_};
  if (auto now = files(); now != read_) {
    read_ = std::move(now);
    if (auto renewed = make_context(config_)) context_ = *std::move(renewed);
  }
  return context_;
}

}  // namespace proctor
