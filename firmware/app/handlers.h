/* What answers the protocol's commands, one function each, by subject: server_input.c, server_inference.c,
 * server_audio.c and server_info.c. A handler finds its arguments in server->command; m-ready follows by itself. */
#ifndef HANDLERS_H_
#define HANDLERS_H_

#include "server.h"

#define PROTOCOL_COMMAND(id, handler, syntax, arguments, least, most, usage) void handle_##handler(server_t *server);
#include "protocol_commands.h"
#undef PROTOCOL_COMMAND

/* The frames: input, input and an inference, audio. */
void handle_load_frame(server_t *server);
void handle_run_frame(server_t *server);
void handle_pcm_frame(server_t *server);

/* An error line. */
void server_error(server_t *server, const char *message);

/* m-lap-us. */
void server_say_lap(server_t *server);

/* Whether there is an input; says so when there is none. */
bool server_have_input(server_t *server);

/* The data of a frame become the input; false, and an error line, when they are of another length. */
bool server_take_frame(server_t *server);

/* server->features are whole: they are the input from now on. */
void server_set_loaded(server_t *server);

#endif
