SELECT length(:token) AS length;
