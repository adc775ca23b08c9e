// The only include site of the Node-API, with its switches: C++ exceptions on, deprecated calls and external buffers off
// (an external buffer cannot be transferred to another thread; see contract.ts on who allocates what).
#pragma once
#define NAPI_VERSION 8
#define NAPI_CPP_EXCEPTIONS
#define NODE_ADDON_API_DISABLE_DEPRECATED
#define NODE_API_NO_EXTERNAL_BUFFERS_ALLOWED
#include <napi.h>
