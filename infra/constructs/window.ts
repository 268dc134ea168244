/** How long a Pod of a window stays. */

/**
 * A CronJob names its Jobs after the minute for which they were scheduled. So a Pod that comes
 * late, in the place of one that was thrown out, still goes when the window is over. A Job made by
 * hand has another name and lasts the whole time.
 */
export const windowScript = (seconds: number): string =>
  [
    'minute=${JOB##*-}',
    'case $minute in *[!0-9]* | "") minute=$(($(date +%s) / 60)) ;; esac',
    `left=$((minute * 60 + ${seconds} - $(date +%s)))`,
    '[ "$left" -le 0 ] || exec sleep "$left"',
  ].join('\n');
