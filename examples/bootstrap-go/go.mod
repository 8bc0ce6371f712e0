module mayfly.example/bootstrap-go

go 1.18
