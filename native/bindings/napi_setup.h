// The only include site of the Node-API, with its switches: C++ exceptions on, deprecated calls and external buffers off
// (an external buffer cannot be transferred to another thread; see contract.ts on who allocates what). A worker that is being
// terminated takes no exception any more; without the swallowing switch that would abort the whole process.
#pragma once
#define NAPI_VERSION 8
#define NAPI_CPP_EXCEPTIONS
#define NODE_ADDON_API_DISABLE_DEPRECATED
#define NODE_API_NO_EXTERNAL_BUFFERS_ALLOWED
#define NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS
#include <napi.h>
