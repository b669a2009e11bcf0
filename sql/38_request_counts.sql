-- How many requests came in, for GET /requests/stats.

CREATE TABLE auth.request_counts (
    app_id text NOT NULL,
    first_second timestamptz NOT NULL,
    backend integer NOT NULL,
    counts integer[] NOT NULL,
    PRIMARY KEY (app_id, first_second, backend)
);
COMMENT ON TABLE auth.request_counts IS 'Requests of the last day, as each backend counted them';
COMMENT ON COLUMN auth.request_counts.app_id IS 'The app that they were for';
COMMENT ON COLUMN auth.request_counts.first_second IS 'The second that the first number is about';
COMMENT ON COLUMN auth.request_counts.backend IS 'Process id of the backend that counted';
COMMENT ON COLUMN auth.request_counts.counts IS 'Requests in that second and in each that follows';
CREATE INDEX request_counts_time ON auth.request_counts (first_second);
