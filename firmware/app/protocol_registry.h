/* Generated from pipeline/protocol/registry.toml by `python -m tools.protocol_files`. */
#ifndef PROTOCOL_REGISTRY_H_
#define PROTOCOL_REGISTRY_H_
/* clang-format off */

enum {
  PROTOCOL_BAUD = 115200, /* of the serial port, 8N1 */
  PROTOCOL_TEXT_MAX = 80, /* characters of a text command before its % */
  PROTOCOL_FRAME_OVERHEAD = 5, /* bytes of a frame beside its data: kind and CRC-32 */
  PROTOCOL_HEX_BYTES = 31, /* bytes that the runner sends with one `db` */
  PROTOCOL_PRINT_BYTES = 8, /* bytes a line of `db print` */
  PROTOCOL_WARMUP = 10, /* inferences before the timed ones of `infer`, when no number is given */
  PROTOCOL_DUMP_VALUES = 8, /* values a line of `dump` */
  PROTOCOL_PCM_SAMPLES = 480, /* most samples of audio in one frame: 30 ms */
  PROTOCOL_GAIN_NONE = 40, /* gain of the microphone in half decibels that changes nothing; 0 is -20 dB, 80 +20 dB */
  PROTOCOL_DETECTIONS_KEPT = 8, /* newest detections that a device keeps */
  PROTOCOL_NUMBERS_MAX = 2, /* most numbers behind a command */
};

/* X(id, handler, syntax, arguments, least numbers, most numbers, usage) */
#define PROTOCOL_COMMANDS(X) \
  X(NAME, name, "name", none, 0, 0, "name%") \
  X(PROFILE, profile, "profile", none, 0, 0, "profile%") \
  X(TIMESTAMP, timestamp, "timestamp", none, 0, 0, "timestamp%") \
  X(HELP, help, "help", none, 0, 0, "help%") \
  X(DB_LOAD, db_load, "db load", numbers, 1, 1, "db load N%") \
  X(DB_PRINT, db_print, "db print", none, 0, 0, "db print%") \
  X(DB, db, "db", hex, 0, 0, "db HH..%") \
  X(INFER, infer, "infer", numbers, 1, 2, "infer N [W]%") \
  X(RESULTS, results, "results", none, 0, 0, "results%") \
  X(CRC, crc, "crc", none, 0, 0, "crc%") \
  X(BUILD, build, "build", none, 0, 0, "build%") \
  X(LOGITS, logits, "logits", none, 0, 0, "logits%") \
  X(LAYERS, layers, "layers", none, 0, 0, "layers%") \
  X(MEMORY, memory, "memory", none, 0, 0, "memory%") \
  X(DUMP, dump, "dump", numbers, 1, 1, "dump L%") \
  X(STREAM_START, stream_start, "stream start", none, 0, 0, "stream start%") \
  X(STREAM, stream, "stream", none, 0, 0, "stream%") \
  X(STREAM_COST, stream_cost, "stream cost", none, 0, 0, "stream cost%") \
  X(AUDIO, audio, "audio", none, 0, 0, "audio%") \
  X(LISTEN_START, listen_start, "listen start", numbers, 0, 1, "listen start [G]%") \
  X(LISTEN_STOP, listen_stop, "listen stop", none, 0, 0, "listen stop%") \
  X(LISTEN, listen, "listen", none, 0, 0, "listen%") \
  X(FAULT, fault, "fault", none, 0, 0, "fault%") \
  X(FAULT_CLEAR, fault_clear, "fault clear", none, 0, 0, "fault clear%") \
  X(RESET, reset, "reset", none, 0, 0, "reset%")

/* X(id, handler, kind) */
#define PROTOCOL_FRAMES(X) \
  X(FRAME_LOAD, frame_load, 'L') \
  X(FRAME_RUN, frame_run, 'R') \
  X(FRAME_PCM, frame_pcm, 'P')

/* X(id, text, text behind what is told; NULL where nothing is told) */
#define PROTOCOL_ERRORS(X) \
  X(EMPTY, "e-[Empty command]", NULL) \
  X(UNKNOWN, "e-[Unknown command: ", "]") \
  X(TOO_LONG, "e-[Command too long]", NULL) \
  X(BAD_NUMBER, "e-[Bad number]", NULL) \
  X(BAD_HEX, "e-[Bad or odd hex digits]", NULL) \
  X(BAD_FRAME, "e-[Damaged frame]", NULL) \
  X(INTERRUPTED, "e-[Interrupted]", NULL) \
  X(UNKNOWN_FRAME, "e-[Unknown frame]", NULL) \
  X(NO_DOWNLOAD, "e-[No download in progress: db load N first]", NULL) \
  X(SURPLUS, "e-[More bytes than announced: download again]", NULL) \
  X(WRONG_SIZE, "e-[The model takes ", " bytes]") \
  X(WRONG_FRAME_SIZE, "e-[Frame of another length than the model takes]", NULL) \
  X(INCOMPLETE, "e-[Download not complete]", NULL) \
  X(NO_INPUT, "e-[No input: download one first]", NULL) \
  X(NO_RESULTS, "e-[No results: infer first]", NULL) \
  X(NO_INFERENCE, "e-[No inference yet]", NULL) \
  X(NO_COUNT, "e-[Inferences must be 1 or more]", NULL) \
  X(NO_LAYER, "e-[No such layer]", NULL) \
  X(NO_STOP, "e-[This engine cannot stop at a layer]", NULL) \
  X(BAD_AUDIO, "e-[Bad length of audio]", NULL) \
  X(AUDIO_GAP, "e-[The next audio is sample ", "]") \
  X(NO_AUDIO, "e-[Not enough audio yet]", NULL) \
  X(NO_MICROPHONE, "e-[This board has no microphone]", NULL) \
  X(BAD_GAIN, "e-[Gain is 0 to 80 half decibels]", NULL) \
  X(LISTENING, "e-[Listening: listen stop first]", NULL) \
  X(ENGINE, "e-[engine: ", "]")

#endif
