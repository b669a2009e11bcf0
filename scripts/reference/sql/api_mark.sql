-- What the comments of an API schema's objects end with.
SELECT to_jsonb(auth.api_mark());
