/* Dot products and codes of the scalar variant on Armv6-M: Cortex-M0 and M0+.
 *
 * Dot products: r0 codes, 16-byte aligned | r1 weights | r2 inputs | r3 tiles that there are | [sp] dots. Return the tiles that they took. */
#include "dynq_variant.h"

#if defined(DYNQ_VARIANT_SCALAR) && __ARM_ARCH_ISA_THUMB == 1
#include "dynq_function.inc"

#define SAVED 36 /* bytes that the registers take on the stack */
.macro SAVE
  push {r4-r7,lr}
  mov r4,r8
  mov r5,r9
  mov r6,r10
  mov r7,r11
  push {r4-r7}
.endm
.macro RESTORE
  pop {r4-r7}
  mov r8,r4
  mov r9,r5
  mov r10,r6
  mov r11,r7
  pop {r4-r7,pc}
.endm

/* ---- 8 bits. Two tiles share the load of a code: 25 instructions for 8 multiply-accumulates.
 * r2 code | r3 weight | r4 the second tile's weights | r5-r7, r8-r12 sums | lr end of the codes. Of one tile: r4-r7 sums */
.macro COLUMN_W8 sum weights offset
  ldrb r3,[\weights,#\offset]
  muls r3,r2,r3
  add \sum,\sum,r3
.endm
.macro TILE_W8 index weights a b c d
  COLUMN_W8 \a,\weights,4*\index
  COLUMN_W8 \b,\weights,4*\index+3
  COLUMN_W8 \c,\weights,4*\index+2
  COLUMN_W8 \d,\weights,4*\index+1
.endm
.macro INPUT_W8 index
  ldrb r2,[r0,#\index]
  TILE_W8 \index,r1,r4,r5,r6,r7
.endm
.macro INPUT_TWICE_W8 index
  ldrb r2,[r0,#\index]
  TILE_W8 \index,r1,r5,r6,r7,r8
  TILE_W8 \index,r4,r9,r10,r11,r12
.endm
/* What is no multiple of eight comes first. `more`: further weights. */
.macro EVERY_INPUT_W8 each more
  b 2f
1:
  \each 0
  adds r0,r0,#1
  adds r1,r1,#4
  .ifnb \more
  adds \more,\more,#4
  .endif
2:
  mov r2,lr
  subs r2,r2,r0
  lsls r3,r2,#29
  bne 1b
  cmp r2,#0
  bne 3f
  b 4f
3:
  .irp index,0,1,2,3,4,5,6,7
  \each \index
  .endr
  adds r0,r0,#8
  adds r1,r1,#32
  .ifnb \more
  adds \more,\more,#32
  .endif
  cmp r0,lr
  beq 4f
  b 3b
4:
.endm

FUNCTION dynq_scalar_dots_w8
  SAVE
  movs r5,#0
  movs r6,#0
  movs r7,#0
  cmp r3,#2
  blo 6f
  b 5f
6:
  adds r2,r2,r0
  mov lr,r2
  movs r4,#0
  EVERY_INPUT_W8 INPUT_W8
  ldr r3,[sp,#SAVED]
  stmia r3!,{r4-r7}
  movs r0,#1
  RESTORE
5:
  lsls r4,r2,#2
  adds r4,r4,r1
  adds r2,r2,r0
  mov lr,r2
  mov r8,r5
  mov r9,r5
  mov r10,r5
  mov r11,r5
  mov r12,r5
  EVERY_INPUT_W8 INPUT_TWICE_W8,r4
  ldr r3,[sp,#SAVED]
  mov r0,r8
  stmia r3!,{r5-r7}
  mov r4,r9
  mov r5,r10
  mov r6,r11
  mov r7,r12
  stmia r3!,{r0,r4-r7}
  movs r0,#2
  RESTORE
END_FUNCTION dynq_scalar_dots_w8

/* ---- 4 and 2 bits, as on Cortex-M3: r1 code | r2, r3 weights | r4 two fields | r5, r6 words of sums | r7 mask | r8 weights |
 * r9-r12 sums | lr end of the block | [sp] end of the codes */
.macro PAIR sum weights shift
  .if \shift
  lsrs r4,\weights,#\shift
  .else
  movs r4,\weights
  .endif
  ands r4,r4,r7
  muls r4,r1,r4
  adds \sum,\sum,r4
.endm
.macro TAKE_OUT word low high
  sxth r4,\word
  add \low,\low,r4
  asrs \word,\word,#16
  add \high,\high,\word
.endm
.macro DOTS_IN_PAIRS name bits inputs block mask
FUNCTION \name
  SAVE
  adds r2,r2,#\inputs-1
  lsrs r2,r2,#\inputs/4+1
  lsls r2,r2,#\inputs/4+1
  adds r2,r2,r0
  push {r2}
  mov r8,r1
  movs r4,#0
  mov r9,r4
  mov r10,r4
  mov r11,r4
  mov r12,r4
  ldr r7,=\mask
  mov lr,r0
1:
  ldr r4,[sp]
  mov r5,lr
  adds r5,r5,#\block
  cmp r5,r4
  bls 2f
  mov r5,r4
2:
  mov lr,r5
  ldr r5,=0x80008000
  movs r6,r5
3:
  mov r4,r8
  ldmia r4!,{r2,r3}
  mov r8,r4
  .set index,0
  .rept \inputs
  ldrb r1,[r0,#index]
  sxtb r1,r1
  PAIR r5,r2,index*\bits
  PAIR r6,r3,index*\bits
  .set index,index+1
  .endr
  adds r0,r0,#\inputs
  cmp r0,lr
  bne 3b
  ldr r4,=0x80008000
  eors r5,r5,r4
  eors r6,r6,r4
  TAKE_OUT r5,r9,r10
  TAKE_OUT r6,r11,r12
  ldr r4,[sp]
  cmp r0,r4
  bne 1b
  pop {r2}
  ldr r3,[sp,#SAVED]
  mov r4,r9
  mov r5,r10
  mov r6,r11
  mov r7,r12
  stmia r3!,{r4-r7}
  movs r0,#1
  RESTORE
  .ltorg
END_FUNCTION \name
.endm

  DOTS_IN_PAIRS dynq_scalar_dots_w4,4,4,16,0x000f000f
  DOTS_IN_PAIRS dynq_scalar_dots_w2,2,8,64,0x00030003

/* ---- Codes of floats: r0 codes | r1 x | r2 x | r3 rounding, then position | r4 exponent | r5 factor | r6 top bit of 16 |
 * r7 shift | r8 end of the codes | r9 what is added | r10 sum | r11 what a fraction is near a tie, at the top */
#define FRACTION 14
#define ERROR 292
.macro CODE index
  ldmia r1!,{r2}
  lsls r4,r2,#1
  lsrs r4,r4,#24
  subs r4,r7,r4
  lsls r3,r2,#9
  lsrs r3,r3,#17
  orrs r3,r6
  muls r3,r5,r3
  lsrs r3,r3,r4
  asrs r4,r2,#31
  eors r3,r4
  add r3,r3,r9
  lsls r4,r3,#32-FRACTION
  cmp r4,r11
  blo 91f
  asrs r3,r3,#FRACTION
81:
  strb r3,[r0,#\index]
  add r10,r10,r3
  .subsection 1
91:
  bl .Ltie
  b 81b
  .previous
.endm
FUNCTION dynq_scalar_codes
  push {r3}
  SAVE
  adds r2,r2,r0
  mov r8,r2
  ldmia r3!,{r5,r7}
  lsrs r5,r5,#16
  ldr r4,[r3]
  mov r9,r4
  movs r6,#1
  lsls r6,r6,#15
  movs r4,#0
  mov r10,r4
  ldr r4,=2*ERROR<<(32-FRACTION)
  mov r11,r4
  b 2f
1: /* what is no multiple of four comes first */
  CODE 0
  adds r0,r0,#1
2:
  mov r2,r8
  subs r2,r2,r0
  lsls r3,r2,#30
  bne 1b
  cmp r2,#0
  beq 4f
3:
  .irp index,0,1,2,3
  CODE \index
  .endr
  adds r0,r0,#4
  cmp r0,r8
  bne 3b
4:
  mov r0,r10
  pop {r4-r7}
  mov r8,r4
  mov r9,r5
  mov r10,r6
  mov r11,r7
  pop {r4-r7}
  pop {r2,r3}
  bx r2
  .subsection 1
.Ltie:
  push {r0,r1,r4,lr}
  movs r0,r2
  ldr r1,[sp,#SAVED+16]
  bl dynq_scalar_exact_code
  movs r3,r0
  pop {r0,r1,r4,pc}
  .ltorg
  .previous
END_FUNCTION dynq_scalar_codes

/* ---- Range, as on Thumb-2 (dynq_scan_v7m.S): r0 x | r1 end | r2 range | r3 largest as signed | r4-r7 x | r12 largest as unsigned.
 * In a vector of one sign the smallest is sought until a 0 comes. */
.macro BEYOND condition extreme x
  cmp \x,\extreme
  b\condition 91f
81:
  .subsection 1
91:
  mov \extreme,\x
  b 81b
  .previous
.endm
.macro LARGEST x
  BEYOND gt,r3,\x
  BEYOND hi,r12,\x
.endm
.macro SMALLEST x
  BEYOND lt,r3,\x
.endm
/* Applies `each` to all of x; those beyond a multiple of four come first. */
.macro EVERY each
  b 2f
1:
  ldmia r0!,{r4}
  \each r4
2:
  subs r4,r1,r0
  lsls r4,r4,#28
  bne 1b
  cmp r0,r1
  beq 4f
3:
  ldmia r0!,{r4-r7}
  .irp x,r4,r5,r6,r7
  \each \x
  .endr
  cmp r0,r1
  bne 3b
4:
.endm
FUNCTION dynq_scan
  push {r0,r4-r7,lr}
  lsls r1,r1,#2
  adds r1,r1,r0
  movs r3,#0
  mov r12,r3
  movs r3,#1
  lsls r3,r3,#31
  EVERY LARGEST
  mov r4,r12
  movs r5,r3
  eors r5,r4
  bmi 7f
  ldr r0,[sp]
  movs r3,#0
  mvns r3,r3
  lsrs r3,r3,#1
  cmp r4,#0
  bmi 6f
  movs r5,#8
5: /* after ReLU the smallest is 0, mostly soon found */
  ldmia r0!,{r3}
  cmp r3,#0
  beq 8f
  cmp r0,r1
  beq 9f
  subs r5,r5,#1
  bne 5b
9:
  ldr r0,[sp]
  movs r3,#0
  mvns r3,r3
  lsrs r3,r3,#1
6:
  EVERY SMALLEST
  mov r4,r12
7: /* of r3 and r4 the one with a sign is the low end; without signs r3 is */
  cmp r4,#0
  bpl 8f
  stmia r2!,{r4}
  stmia r2!,{r3}
  pop {r0,r4-r7,pc}
8:
  stmia r2!,{r3,r4}
  pop {r0,r4-r7,pc}
END_FUNCTION dynq_scan
#endif
