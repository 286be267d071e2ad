/* SPDX-License-Identifier: Apache-2.0 */
/* What libmariadb's CMake would find out about Linux with musl or glibc, 32 and 64 bit. */

#define HAVE_ALLOCA_H 1
#define HAVE_SETLOCALE 1
#define HAVE_NL_LANGINFO 1
#define HAVE_DLFCN_H 1
#define HAVE_FCNTL_H 1
#define HAVE_FLOAT_H 1
#define HAVE_LIMITS_H 1
#define HAVE_PWD_H 1
#define HAVE_STDDEF_H 1
#define HAVE_STDINT_H 1
#define HAVE_STDLIB_H 1
#define HAVE_STRING_H 1
#define HAVE_SYS_IOCTL_H 1
#define HAVE_SYS_SELECT_H 1
#define HAVE_SYS_SOCKET_H 1
#define HAVE_SYS_STAT_H 1
#define HAVE_SYS_TYPES_H 1
#define HAVE_SYS_UN_H 1
#define HAVE_UNISTD_H 1

#define HAVE_DLERROR 1
#define HAVE_DLOPEN 1
#define HAVE_GETPWUID 1
#define HAVE_MEMCPY 1
#define HAVE_POLL 1
#define HAVE_STRTOK_R 1
#define HAVE_STRTOL 1
#define HAVE_STRTOLL 1
#define HAVE_STRTOUL 1
#define HAVE_STRTOULL 1
#define HAVE_VASPRINTF 1
#define HAVE_VSNPRINTF 1

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define HAVE_BIGENDIAN 1
#endif

#define SIZEOF_CHARP __SIZEOF_POINTER__
#define HAVE_CHARP 1
#define SIZEOF_INT __SIZEOF_INT__
#define HAVE_INT 1
#define SIZEOF_LONG __SIZEOF_LONG__
#define HAVE_LONG 1
#define SIZEOF_LONG_LONG __SIZEOF_LONG_LONG__
#define HAVE_LONG_LONG 1
#define SIZEOF_SIZE_T __SIZEOF_SIZE_T__
#define HAVE_SIZE_T 1
#define SIZEOF_UINT __SIZEOF_INT__
#define HAVE_UINT 1
#define SIZEOF_USHORT __SIZEOF_SHORT__
#define HAVE_USHORT 1
#define SIZEOF_ULONG __SIZEOF_LONG__
#define HAVE_ULONG 1
#define SIZEOF_SOCKLEN_T 4
#define HAVE_SOCKLEN_T 1
#define SOCKET_SIZE_TYPE socklen_t

/* A server must never be able to ask this client for a file. */
#define LOCAL_INFILE_MODE_OFF 0
#define LOCAL_INFILE_MODE_ON 1
#define LOCAL_INFILE_MODE_AUTO 2
#define ENABLED_LOCAL_INFILE LOCAL_INFILE_MODE_OFF

#define MARIADB_DEFAULT_CHARSET "utf8mb4"
