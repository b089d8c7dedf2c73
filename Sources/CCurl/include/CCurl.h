#ifndef COUCHKEEP_CCURL_H
#define COUCHKEEP_CCURL_H
#include <curl/curl.h>
#endif
