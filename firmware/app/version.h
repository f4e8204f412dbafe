/* Given by the build; a build by hand says so. */
#ifndef VERSION_H_
#define VERSION_H_

#ifndef KWS_VERSION
#define KWS_VERSION "0"
#endif
#ifndef KWS_BUILD_HASH
#define KWS_BUILD_HASH "by-hand"
#endif

#endif
