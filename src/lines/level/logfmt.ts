import { type LevelReader, reads } from './stated.ts';

/** logfmt (logrus, slog, go-kit): `ts=… level=error msg=…`, also `lvl=eror` and `severity=warn`. */
export const logfmt: LevelReader = reads(
  /(?:^|[\s{,(])@?(?:level|lvl|severity|log\.level|levelname)=["']?([A-Za-z]{3,13})\b|(?:^|[{,])level: ?["']?([A-Za-z]{3,13})\b/,
);
