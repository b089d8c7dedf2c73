#include "CCurl.h"

#include <dlfcn.h>
#include <string.h>

// Of libcurl 7.16 and later, which has kept its binary interface since: https://curl.se/libcurl/abi.html
static const char *const names[] = {
#ifdef __APPLE__
    "libcurl.4.dylib",
#else
    "libcurl.so.4",
    "libcurl-gnutls.so.4",
#endif
};

static struct {
    __typeof__(curl_global_init) *global_init;
    __typeof__(curl_easy_init) *easy_init;
    __typeof__(curl_easy_perform) *easy_perform;
    __typeof__(curl_easy_cleanup) *easy_cleanup;
    __typeof__(curl_easy_strerror) *easy_strerror;
    CURLcode (*easy_setopt)(CURL *handle, CURLoption option, ...);
    __typeof__(curl_slist_append) *slist_append;
    __typeof__(curl_slist_free_all) *slist_free_all;
} library;

// Empty where it is open.
static char load_error[512] = "it was not opened yet";

static void note_error(const char *reason) {
    strncpy(load_error, reason != NULL ? reason : "an unknown reason", sizeof(load_error) - 1);
}

static int find(void *file, void *function, const char *name) {
    void *symbol = dlsym(file, name);
    if (symbol == NULL) note_error(dlerror());
    // A function pointer has no other way out of dlsym: POSIX, dlsym, Application Usage.
    memcpy(function, &symbol, sizeof(symbol));
    return symbol != NULL;
}

static int open_library(void) {
    void *file = NULL;
    for (size_t index = 0; index < sizeof(names) / sizeof(names[0]) && file == NULL; index++) {
        file = dlopen(names[index], RTLD_NOW | RTLD_LOCAL);
        // The first is the usual one.
        if (file == NULL && index == 0) note_error(dlerror());
    }
    if (file == NULL) return 0;
    int isWhole = find(file, &library.global_init, "curl_global_init") && find(file, &library.easy_init, "curl_easy_init")
        && find(file, &library.easy_perform, "curl_easy_perform")
        && find(file, &library.easy_cleanup, "curl_easy_cleanup")
        && find(file, &library.easy_strerror, "curl_easy_strerror")
        && find(file, &library.easy_setopt, "curl_easy_setopt")
        && find(file, &library.slist_append, "curl_slist_append")
        && find(file, &library.slist_free_all, "curl_slist_free_all");
    if (!isWhole) return 0;
    load_error[0] = 0;
    return 1;
}

CURLcode ccurl_global_init(void) {
    if (!open_library()) return CURLE_FAILED_INIT;
    return library.global_init(CURL_GLOBAL_DEFAULT);
}

const char *ccurl_load_error(void) { return load_error[0] != 0 ? load_error : NULL; }

CURL *ccurl_easy_init(void) { return library.easy_init(); }

CURLcode ccurl_easy_perform(CURL *handle) { return library.easy_perform(handle); }

void ccurl_easy_cleanup(CURL *handle) { library.easy_cleanup(handle); }

const char *ccurl_easy_strerror(CURLcode code) { return library.easy_strerror(code); }

struct curl_slist *ccurl_slist_append(struct curl_slist *list, const char *text) {
    return library.slist_append(list, text);
}

void ccurl_slist_free_all(struct curl_slist *list) { library.slist_free_all(list); }

CURLcode ccurl_set_long(CURL *handle, CURLoption option, long value) { return library.easy_setopt(handle, option, value); }

CURLcode ccurl_set_text(CURL *handle, CURLoption option, const char *text) {
    return library.easy_setopt(handle, option, text);
}

CURLcode ccurl_set_list(CURL *handle, CURLoption option, struct curl_slist *list) {
    return library.easy_setopt(handle, option, list);
}

CURLcode ccurl_allow_smtp_only(CURL *handle) {
#if LIBCURL_VERSION_NUM >= 0x075500
    return library.easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
#else
    return library.easy_setopt(handle, CURLOPT_PROTOCOLS, (long)(CURLPROTO_SMTP | CURLPROTO_SMTPS));
#endif
}

CURLcode ccurl_allow_refused_recipients(CURL *handle) {
// The option's name was misspelt until 8.2.
#if LIBCURL_VERSION_NUM >= 0x080200
    return library.easy_setopt(handle, CURLOPT_MAIL_RCPT_ALLOWFAILS, 1L);
#else
    return library.easy_setopt(handle, CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L);
#endif
}

CURLcode ccurl_require_tls_1_2(CURL *handle) {
    return library.easy_setopt(handle, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
}

CURLcode ccurl_require_starttls(CURL *handle) { return library.easy_setopt(handle, CURLOPT_USE_SSL, (long)CURLUSESSL_ALL); }

CURLcode ccurl_set_upload(CURL *handle, curl_read_callback read, void *context, curl_off_t size) {
    CURLcode code = library.easy_setopt(handle, CURLOPT_UPLOAD, 1L);
    if (code == CURLE_OK) code = library.easy_setopt(handle, CURLOPT_READFUNCTION, read);
    if (code == CURLE_OK) code = library.easy_setopt(handle, CURLOPT_READDATA, context);
    if (code == CURLE_OK) code = library.easy_setopt(handle, CURLOPT_INFILESIZE_LARGE, size);
    return code;
}

CURLcode ccurl_set_progress(CURL *handle, curl_xferinfo_callback progress, void *context) {
    CURLcode code = library.easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, progress);
    if (code == CURLE_OK) code = library.easy_setopt(handle, CURLOPT_XFERINFODATA, context);
    if (code == CURLE_OK) code = library.easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
    return code;
}

CURLcode ccurl_set_trace(CURL *handle, curl_debug_callback trace, void *context) {
    CURLcode code = library.easy_setopt(handle, CURLOPT_DEBUGFUNCTION, trace);
    if (code == CURLE_OK) code = library.easy_setopt(handle, CURLOPT_DEBUGDATA, context);
    if (code == CURLE_OK) code = library.easy_setopt(handle, CURLOPT_VERBOSE, 1L);
    return code;
}
