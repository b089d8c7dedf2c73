// libcurl, opened when the first mail is sent, so that a restore works on a machine that has none; and its options and
// callbacks with fixed types: curl_easy_setopt is variadic, and Swift can't call such functions.
#ifndef COUCHKEEP_CCURL_H
#define COUCHKEEP_CCURL_H

#include <curl/curl.h>
#include <stddef.h>

/// Opens and prepares libcurl. Nothing else here may be called before it has returned CURLE_OK, but for ccurl_load_error.
CURLcode ccurl_global_init(void);
/// Why libcurl can't be opened; NULL where it can.
const char *ccurl_load_error(void);

/// The functions of the same names in libcurl.
CURL *ccurl_easy_init(void);
CURLcode ccurl_easy_perform(CURL *handle);
void ccurl_easy_cleanup(CURL *handle);
const char *ccurl_easy_strerror(CURLcode code);
struct curl_slist *ccurl_slist_append(struct curl_slist *list, const char *text);
void ccurl_slist_free_all(struct curl_slist *list);

CURLcode ccurl_set_long(CURL *handle, CURLoption option, long value);
/// Copies the text. NULL resets the option.
CURLcode ccurl_set_text(CURL *handle, CURLoption option, const char *text);
/// The list must outlive the transfer.
CURLcode ccurl_set_list(CURL *handle, CURLoption option, struct curl_slist *list);

/// Allows SMTP and SMTPS only.
CURLcode ccurl_allow_smtp_only(CURL *handle);
/// Delivers to the recipients that are accepted, when there is at least one.
CURLcode ccurl_allow_refused_recipients(CURL *handle);
CURLcode ccurl_require_tls_1_2(CURL *handle);
/// STARTTLS or nothing.
CURLcode ccurl_require_starttls(CURL *handle);

/// The bytes to send, of a known size.
CURLcode ccurl_set_upload(CURL *handle, curl_read_callback read, void *context, curl_off_t size);
/// Called about once a second and on every progress; ends the transfer when it returns anything but 0.
CURLcode ccurl_set_progress(CURL *handle, curl_xferinfo_callback progress, void *context);
/// Receives the commands and the replies. Without it, nothing is printed either.
CURLcode ccurl_set_trace(CURL *handle, curl_debug_callback trace, void *context);

#endif
