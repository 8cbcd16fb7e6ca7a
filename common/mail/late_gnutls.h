#ifndef PIPEMAIL_MAIL_LATE_GNUTLS_H
#define PIPEMAIL_MAIL_LATE_GNUTLS_H

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

/*
 * GnuTLS, loaded when it is first needed (base/late.h). To be included instead of the library's own headers. A function
 * that is used for the first time is added to both lists; the linker tells when one was forgotten.
 */
#ifdef GNUTLS_SONAME

/* clang-format off */
#define LATE_GNUTLS(X) \
	X(gnutls_alert_get) \
	X(gnutls_alert_get_name) \
	X(gnutls_alert_send) \
	X(gnutls_alert_send_appropriate) \
	X(gnutls_bye) \
	X(gnutls_certificate_allocate_credentials) \
	X(gnutls_certificate_free_credentials) \
	X(gnutls_certificate_get_peers) \
	X(gnutls_certificate_set_x509_key_mem2) \
	X(gnutls_certificate_verification_status_print) \
	X(gnutls_cipher_get) \
	X(gnutls_cipher_get_name) \
	X(gnutls_credentials_set) \
	X(gnutls_deinit) \
	X(gnutls_free) \
	X(gnutls_handshake) \
	X(gnutls_hash) \
	X(gnutls_hash_deinit) \
	X(gnutls_hash_fast) \
	X(gnutls_hash_init) \
	X(gnutls_hash_output) \
	X(gnutls_hmac_fast) \
	X(gnutls_init) \
	X(gnutls_priority_deinit) \
	X(gnutls_priority_init) \
	X(gnutls_priority_set) \
	X(gnutls_privkey_deinit) \
	X(gnutls_privkey_get_pk_algorithm) \
	X(gnutls_privkey_import_x509_raw) \
	X(gnutls_privkey_init) \
	X(gnutls_privkey_sign_data2) \
	X(gnutls_privkey_sign_hash2) \
	X(gnutls_protocol_get_name) \
	X(gnutls_protocol_get_version) \
	X(gnutls_pubkey_deinit) \
	X(gnutls_pubkey_export2) \
	X(gnutls_pubkey_export_ecc_raw2) \
	X(gnutls_pubkey_import_privkey) \
	X(gnutls_pubkey_import_x509) \
	X(gnutls_pubkey_init) \
	X(gnutls_record_recv) \
	X(gnutls_record_send) \
	X(gnutls_server_name_set) \
	X(gnutls_session_channel_binding) \
	X(gnutls_session_get_ptr) \
	X(gnutls_session_set_ptr) \
	X(gnutls_session_set_verify_function) \
	X(gnutls_strerror) \
	X(gnutls_transport_set_errno) \
	X(gnutls_transport_set_ptr) \
	X(gnutls_transport_set_pull_function) \
	X(gnutls_transport_set_pull_timeout_function) \
	X(gnutls_transport_set_push_function) \
	X(gnutls_x509_crt_check_issuer) \
	X(gnutls_x509_crt_deinit) \
	X(gnutls_x509_crt_get_activation_time) \
	X(gnutls_x509_crt_get_dn3) \
	X(gnutls_x509_crt_get_dn_by_oid) \
	X(gnutls_x509_crt_get_expiration_time) \
	X(gnutls_x509_crt_get_issuer_dn3) \
	X(gnutls_x509_crt_get_issuer_dn_by_oid) \
	X(gnutls_x509_crt_get_key_id) \
	X(gnutls_x509_crt_get_raw_dn) \
	X(gnutls_x509_crt_get_raw_issuer_dn) \
	X(gnutls_x509_crt_get_subject_alt_name) \
	X(gnutls_x509_crt_import) \
	X(gnutls_x509_crt_init) \
	X(gnutls_x509_trust_list_add_cas) \
	X(gnutls_x509_trust_list_add_system_trust) \
	X(gnutls_x509_trust_list_deinit) \
	X(gnutls_x509_trust_list_init) \
	X(gnutls_x509_trust_list_verify_crt2)
/* clang-format on */

#define X(f) __typeof__(f) *f##_;
struct late_gnutls {
	LATE_GNUTLS(X)
};
#undef X

/* The functions; the library is loaded by the first call. */
const struct late_gnutls *late_gnutls(void);

#define gnutls_alert_get (late_gnutls()->gnutls_alert_get_)
#define gnutls_alert_get_name (late_gnutls()->gnutls_alert_get_name_)
#define gnutls_alert_send (late_gnutls()->gnutls_alert_send_)
#define gnutls_alert_send_appropriate (late_gnutls()->gnutls_alert_send_appropriate_)
#define gnutls_bye (late_gnutls()->gnutls_bye_)
#define gnutls_certificate_allocate_credentials (late_gnutls()->gnutls_certificate_allocate_credentials_)
#define gnutls_certificate_free_credentials (late_gnutls()->gnutls_certificate_free_credentials_)
#define gnutls_certificate_get_peers (late_gnutls()->gnutls_certificate_get_peers_)
#define gnutls_certificate_set_x509_key_mem2 (late_gnutls()->gnutls_certificate_set_x509_key_mem2_)
#define gnutls_certificate_verification_status_print (late_gnutls()->gnutls_certificate_verification_status_print_)
#define gnutls_cipher_get (late_gnutls()->gnutls_cipher_get_)
#define gnutls_cipher_get_name (late_gnutls()->gnutls_cipher_get_name_)
#define gnutls_credentials_set (late_gnutls()->gnutls_credentials_set_)
#define gnutls_deinit (late_gnutls()->gnutls_deinit_)
/* A variable that points to a function. */
#define gnutls_free (*late_gnutls()->gnutls_free_)
#define gnutls_handshake (late_gnutls()->gnutls_handshake_)
#define gnutls_hash (late_gnutls()->gnutls_hash_)
#define gnutls_hash_deinit (late_gnutls()->gnutls_hash_deinit_)
#define gnutls_hash_fast (late_gnutls()->gnutls_hash_fast_)
#define gnutls_hash_init (late_gnutls()->gnutls_hash_init_)
#define gnutls_hash_output (late_gnutls()->gnutls_hash_output_)
#define gnutls_hmac_fast (late_gnutls()->gnutls_hmac_fast_)
#define gnutls_init (late_gnutls()->gnutls_init_)
#define gnutls_priority_deinit (late_gnutls()->gnutls_priority_deinit_)
#define gnutls_priority_init (late_gnutls()->gnutls_priority_init_)
#define gnutls_priority_set (late_gnutls()->gnutls_priority_set_)
#define gnutls_privkey_deinit (late_gnutls()->gnutls_privkey_deinit_)
#define gnutls_privkey_get_pk_algorithm (late_gnutls()->gnutls_privkey_get_pk_algorithm_)
#define gnutls_privkey_import_x509_raw (late_gnutls()->gnutls_privkey_import_x509_raw_)
#define gnutls_privkey_init (late_gnutls()->gnutls_privkey_init_)
#define gnutls_privkey_sign_data2 (late_gnutls()->gnutls_privkey_sign_data2_)
#define gnutls_privkey_sign_hash2 (late_gnutls()->gnutls_privkey_sign_hash2_)
#define gnutls_protocol_get_name (late_gnutls()->gnutls_protocol_get_name_)
#define gnutls_protocol_get_version (late_gnutls()->gnutls_protocol_get_version_)
#define gnutls_pubkey_deinit (late_gnutls()->gnutls_pubkey_deinit_)
#define gnutls_pubkey_export2 (late_gnutls()->gnutls_pubkey_export2_)
#define gnutls_pubkey_export_ecc_raw2 (late_gnutls()->gnutls_pubkey_export_ecc_raw2_)
#define gnutls_pubkey_import_privkey (late_gnutls()->gnutls_pubkey_import_privkey_)
#define gnutls_pubkey_import_x509 (late_gnutls()->gnutls_pubkey_import_x509_)
#define gnutls_pubkey_init (late_gnutls()->gnutls_pubkey_init_)
#define gnutls_record_recv (late_gnutls()->gnutls_record_recv_)
#define gnutls_record_send (late_gnutls()->gnutls_record_send_)
#define gnutls_server_name_set (late_gnutls()->gnutls_server_name_set_)
#define gnutls_session_channel_binding (late_gnutls()->gnutls_session_channel_binding_)
#define gnutls_session_get_ptr (late_gnutls()->gnutls_session_get_ptr_)
#define gnutls_session_set_ptr (late_gnutls()->gnutls_session_set_ptr_)
#define gnutls_session_set_verify_function (late_gnutls()->gnutls_session_set_verify_function_)
#define gnutls_strerror (late_gnutls()->gnutls_strerror_)
#define gnutls_transport_set_errno (late_gnutls()->gnutls_transport_set_errno_)
#define gnutls_transport_set_ptr (late_gnutls()->gnutls_transport_set_ptr_)
#define gnutls_transport_set_pull_function (late_gnutls()->gnutls_transport_set_pull_function_)
#define gnutls_transport_set_pull_timeout_function (late_gnutls()->gnutls_transport_set_pull_timeout_function_)
#define gnutls_transport_set_push_function (late_gnutls()->gnutls_transport_set_push_function_)
#define gnutls_x509_crt_check_issuer (late_gnutls()->gnutls_x509_crt_check_issuer_)
#define gnutls_x509_crt_deinit (late_gnutls()->gnutls_x509_crt_deinit_)
#define gnutls_x509_crt_get_activation_time (late_gnutls()->gnutls_x509_crt_get_activation_time_)
#define gnutls_x509_crt_get_dn3 (late_gnutls()->gnutls_x509_crt_get_dn3_)
#define gnutls_x509_crt_get_dn_by_oid (late_gnutls()->gnutls_x509_crt_get_dn_by_oid_)
#define gnutls_x509_crt_get_expiration_time (late_gnutls()->gnutls_x509_crt_get_expiration_time_)
#define gnutls_x509_crt_get_issuer_dn3 (late_gnutls()->gnutls_x509_crt_get_issuer_dn3_)
#define gnutls_x509_crt_get_issuer_dn_by_oid (late_gnutls()->gnutls_x509_crt_get_issuer_dn_by_oid_)
#define gnutls_x509_crt_get_key_id (late_gnutls()->gnutls_x509_crt_get_key_id_)
#define gnutls_x509_crt_get_raw_dn (late_gnutls()->gnutls_x509_crt_get_raw_dn_)
#define gnutls_x509_crt_get_raw_issuer_dn (late_gnutls()->gnutls_x509_crt_get_raw_issuer_dn_)
#define gnutls_x509_crt_get_subject_alt_name (late_gnutls()->gnutls_x509_crt_get_subject_alt_name_)
#define gnutls_x509_crt_import (late_gnutls()->gnutls_x509_crt_import_)
#define gnutls_x509_crt_init (late_gnutls()->gnutls_x509_crt_init_)
#define gnutls_x509_trust_list_add_cas (late_gnutls()->gnutls_x509_trust_list_add_cas_)
#define gnutls_x509_trust_list_add_system_trust (late_gnutls()->gnutls_x509_trust_list_add_system_trust_)
#define gnutls_x509_trust_list_deinit (late_gnutls()->gnutls_x509_trust_list_deinit_)
#define gnutls_x509_trust_list_init (late_gnutls()->gnutls_x509_trust_list_init_)
#define gnutls_x509_trust_list_verify_crt2 (late_gnutls()->gnutls_x509_trust_list_verify_crt2_)

#endif

#endif
